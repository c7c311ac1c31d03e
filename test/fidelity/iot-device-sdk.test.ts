import { once } from 'node:events'
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateRoleAliasCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot'
import { iot, mqtt } from 'aws-iot-device-sdk-v2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'

let foreign: ForeignCloud
beforeAll(async () => {
  foreign = await startForeignCloud()
})
afterAll(() => foreign?.close())

test('x', async () => {
  const { cloud } = foreign
  const client = new IoTClient({
    endpoint: cloud.endpoints.gateway,
    region: cloud.region,
    credentials: cloud.operatorCredentials,
  })
  const {
    certificateArn,
    certificatePem = '',
    keyPair,
  } = await client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }))
  await client.send(
    new CreatePolicyCommand({
      policyName: 'all',
      policyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
      }),
    }),
  )
  await client.send(new AttachPolicyCommand({ policyName: 'all', target: certificateArn }))
  const [host, port] = cloud.endpoints.mqtt.split(':')
  const config = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(certificatePem, keyPair?.PrivateKey ?? '')
    .with_certificate_authority_from_path(undefined, cloud.caFile)
    .with_endpoint(host ?? '')
    .with_port(Number(port))
    .with_client_id('one')
    .with_clean_session(true)
    .build()
  const connection = new mqtt.MqttClient().new_connection(config)
  const t = performance.now()
  connection.on('error', (e) => console.log('ERR', e))
  console.log(await connection.connect(), performance.now() - t)
  await connection.subscribe('a/b', mqtt.QoS.AtLeastOnce, (topic, payload, dup, qos, retain) =>
    console.log(topic, Buffer.from(payload).toString(), qos, retain),
  )
  console.log(await connection.publish('a/b', 'hello', mqtt.QoS.AtLeastOnce))
  await connection.disconnect()
})
