import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Broker, type BrokerOptions, createBroker } from '../broker/broker.ts'
import { createDeviceAuthorizer } from '../device-permissions.ts'
import { createCertificateClassifier } from '../jitr/classify-certificate.ts'
import type { Publication, Publisher } from '../publication.ts'
import { createCertificateRecord } from '../registry/certificate-record.ts'
import { createRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'
import { createServerIdentity } from '../server-identity.ts'
import { createTestAuthority, type TestAuthority, type TestCertificate } from './certificates.ts'
import { connectMqtt, type MqttClient } from './mqtt-client.ts'

/** A broker with a registry and one registered CA, for tests. */
export interface BrokerFixture {
  readonly registry: Registry
  readonly authority: TestAuthority
  readonly caCertificateId: string
  readonly broker: Broker
  readonly published: { publication: Publication; publisher: Publisher }[]
  readonly log: string[]
  readonly port: number
  readonly caPem: string
  /** A certificate of the registered CA, ACTIVE, with a policy of these statements. */
  device(name: string, statements?: readonly object[]): Promise<TestCertificate>
  connect(certificate: TestCertificate): Promise<MqttClient>
  /** Closes the broker and opens another on the same folder. */
  restart(): Promise<void>
  close(): Promise<void>
}

const allowAll = [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]
const place = { accountId: '123456789012', region: 'eu-west-1' }

export async function startBroker(options: Pick<BrokerOptions, 'timeouts'> = {}): Promise<BrokerFixture> {
  const clock = () => new Date()
  const folder = mkdtempSync(join(tmpdir(), 'broker-'))
  const registry = createRegistry({ folder, ...place, clock })
  const identity = await createServerIdentity({ folder, clock })
  const authority = await createTestAuthority('Fleet CA')
  const caCertificateId = registerAuthority(registry, authority.pem)
  const published: BrokerFixture['published'] = []
  const log: string[] = []

  const start = async () => {
    const broker = await createBroker({
      ...options,
      folder,
      registry,
      identity,
      classify: createCertificateClassifier(registry),
      authorize: createDeviceAuthorizer(registry),
      onPublish: (publication, publisher) => void published.push({ publication, publisher }),
      ...place,
      clock,
      log: (line) => void log.push(line),
    })
    return { broker, port: await broker.listen(0) }
  }
  let { broker, port } = await start()

  return {
    registry,
    authority,
    caCertificateId,
    published,
    log,
    caPem: identity.caCertificatePem,
    get broker() {
      return broker
    },
    get port() {
      return port
    },
    async device(name, statements = allowAll) {
      const certificate = await authority.issue(name)
      const record = createCertificateRecord(
        certificate.cert,
        { status: 'ACTIVE', mode: 'SNI_ONLY', caCertificateId },
        clock(),
      )
      registry.certificates.put(record.certificateId, record)
      attachPolicy(registry, `${name}-policy`, record.certificateId, statements)
      return certificate
    },
    connect: ({ cert, key }) => connectMqtt({ port, cert, key, ca: identity.caCertificatePem }),
    async restart() {
      await broker.close()
      ;({ broker, port } = await start())
    },
    async close() {
      await broker.close()
      registry.close()
      rmSync(folder, { recursive: true })
    },
  }
}

export function registerAuthority(registry: Registry, pem: string, changes: object = {}): string {
  const {
    certificateId,
    status: _,
    ...record
  } = createCertificateRecord(pem, { status: 'ACTIVE', mode: 'SNI_ONLY' }, new Date())
  registry.caCertificates.put(certificateId, {
    ...record,
    certificateId,
    status: 'ACTIVE',
    autoRegistrationStatus: 'ENABLE',
    subject: new X509Certificate(pem).subject,
    ...changes,
  })
  return certificateId
}

export function attachPolicy(
  registry: Registry,
  policyName: string,
  certificateId: string,
  statements: readonly object[],
): void {
  const version = {
    versionId: '1',
    document: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
    createdAtMs: 0,
  }
  registry.policies.put(policyName, {
    policyName,
    defaultVersionId: '1',
    lastVersion: 1,
    versions: [version],
    createdAtMs: 0,
    modifiedAtMs: 0,
    generationId: '1',
  })
  registry.policyTargets.add(policyName, registry.arn.certificate(certificateId))
}
