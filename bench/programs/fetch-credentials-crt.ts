import { auth, http, io } from 'aws-iot-device-sdk-v2'
import type { CredentialsJob } from './fetch-credentials.ts'

/** AWS's own provider, which JavaScript can only reach by signing a request: it asks for credentials each time. Answers the seconds. */
process.on('message', async ({ proxyPort, key, cert, caFile, count }: CredentialsJob) => {
  const tlsOptions = io.TlsContextOptions.create_client_with_mtls(cert, key)
  tlsOptions.override_default_trust_store_from_path(undefined, caFile)
  const provider = auth.AwsCredentialsProvider.newX509({
    endpoint: 'localhost',
    thingName: 'bench',
    roleAlias: 'device',
    tlsContext: new io.ClientTlsContext(tlsOptions),
    httpProxyOptions: new http.HttpProxyOptions('localhost', proxyPort),
  })
  const sign = () =>
    auth.aws_sign_request(new http.HttpRequest('GET', '/', new http.HttpHeaders([['host', `localhost`]])), {
      algorithm: auth.AwsSigningAlgorithm.SigV4,
      signature_type: auth.AwsSignatureType.HttpRequestViaHeaders,
      provider,
      region: 'us-east-1',
      service: 's3',
      date: new Date(),
    })
  await sign()
  const begin = performance.now()
  for (let index = 0; index < count; index++) await sign()
  process.send?.({ seconds: (performance.now() - begin) / 1000 })
})
process.send?.({})
