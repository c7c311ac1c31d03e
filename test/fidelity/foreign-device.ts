import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  IoTClient,
} from '@aws-sdk/client-iot'
import { iot, mqtt } from 'aws-iot-device-sdk-v2'
import type { Cloud } from '#local/cloud.ts'

export interface Identity {
  readonly certificatePem: string
  readonly privateKeyPem: string
}

export interface NewDevice {
  readonly thingName: string
  readonly thingTypeName?: string
  readonly attributes?: Readonly<Record<string, string>>
  readonly attached?: boolean
  /** Of a policy of the device's own. */
  readonly statements: readonly object[]
}

export interface ConnectOptions {
  readonly clientId: string
  readonly clean?: boolean
  readonly will?: mqtt.MqttWill
}

/** On a busy machine a handshake may take longer than the three seconds that the SDK grants it. */
const PATIENCE_MS = 20_000

export const mayDoAll = [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]

export function iotClient({ endpoints, region, operatorCredentials }: Cloud): IoTClient {
  return new IoTClient({ endpoint: endpoints.gateway, region, credentials: operatorCredentials })
}

/** A thing with a certificate that AWS IoT made, active, and a policy. */
export async function createDevice(cloud: Cloud, device: NewDevice): Promise<Identity & { certificateArn: string }> {
  const client = iotClient(cloud)
  const { thingName, thingTypeName, attributes = {}, attached = true, statements } = device
  const made = await client.send(new CreateKeysAndCertificateCommand({ setAsActive: true }))
  const { certificateArn = '', certificatePem = '', keyPair } = made
  await client.send(new CreateThingCommand({ thingName, thingTypeName, attributePayload: { attributes } }))
  const policyName = `${thingName}-policy`
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements })
  await client.send(new CreatePolicyCommand({ policyName, policyDocument }))
  await client.send(new AttachPolicyCommand({ policyName, target: certificateArn }))
  if (attached) await client.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }))
  return { certificateArn, certificatePem, privateKeyPem: keyPair?.PrivateKey ?? '' }
}

/** A connection of AWS's own device SDK (MQTT 3.1.1), not opened yet. It connects again by itself once it was open. */
export function openConnection(cloud: Cloud, identity: Identity, options: ConnectOptions): mqtt.MqttClientConnection {
  const { hostname, port } = new URL(`mqtts://${cloud.endpoints.mqtt}`)
  const { clientId, clean = true, will } = options
  const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(
    identity.certificatePem,
    identity.privateKeyPem,
  )
    .with_certificate_authority_from_path(undefined, cloud.caFile)
    .with_endpoint(hostname)
    .with_port(Number(port))
    .with_client_id(clientId)
    .with_clean_session(clean)
    .with_timeout_ms(PATIENCE_MS)
    .with_ping_timeout_ms(PATIENCE_MS)
  if (will) builder.with_will(will)
  const connection = new mqtt.MqttClient().new_connection(builder.build())
  // Its promises reject with the same error; unheard, the event would end the process.
  connection.on('error', () => {})
  return connection
}
