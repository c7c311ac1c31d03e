import type { AssumeRole } from '#local/iam/sessions.ts'
import type { Authorizer, HttpService, Operations } from '#local/service.ts'
import { type Broker, createBroker } from './broker/broker.ts'
import { createCredentialsProvider } from './credentials/credentials-provider.ts'
import { createDeviceAuthorizer } from './device-permissions.ts'
import { createIotData } from './iot-data.ts'
import { createCertificateClassifier } from './jitr/classify-certificate.ts'
import type { Registry } from './registry/types.ts'
import { createRuleEngine } from './rules/rule-engine.ts'
import { createServerIdentity } from './server-identity.ts'

export interface IotDataPlaneOptions {
  /** Holds `broker.db`, the cloud CA (`AmazonRootCA1.pem`) and the server's certificate. */
  readonly folder: string
  readonly registry: Registry
  /** What topic rules act on. */
  readonly sqs: Operations
  readonly lambda: Operations
  readonly authorizer: Authorizer
  readonly assumeRole: AssumeRole
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly log: (line: string) => void
}

/** All of AWS IoT that devices talk to, on one registry. */
export interface IotDataPlane {
  readonly broker: Broker
  /** The HTTPS API (signing name `iotdata`). */
  readonly operations: Operations
  readonly service: HttpService
  /** The CA that devices trust. */
  readonly caFile: string
  readonly caCertificatePem: string
  /** Listens on 127.0.0.1; 0 takes a free port. */
  listen(ports: { mqtt: number; credentials: number }): Promise<{ mqtt: number; credentials: number }>
  close(): Promise<void>
}

export async function createIotDataPlane(options: IotDataPlaneOptions): Promise<IotDataPlane> {
  const { registry } = options
  const identity = await createServerIdentity(options)
  const classify = createCertificateClassifier(registry)
  const authorize = createDeviceAuthorizer(registry)
  const rules = createRuleEngine({
    ...options,
    publish: (publication, publisher) => broker.publish(publication, publisher),
  })
  const broker: Broker = await createBroker({ ...options, identity, classify, authorize, onPublish: rules.process })
  const credentials = createCredentialsProvider({ ...options, identity, classify, authorize })

  return {
    broker,
    ...createIotData({ ...options, broker }),
    caFile: identity.caFile,
    caCertificatePem: identity.caCertificatePem,
    listen: async (ports) => ({
      mqtt: await broker.listen(ports.mqtt),
      credentials: await credentials.listen(ports.credentials),
    }),
    async close() {
      await credentials.close()
      await broker.close()
      await rules.settled()
    },
  }
}
