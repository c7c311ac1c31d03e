import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { createIam, type Iam } from '#local/iam/create-iam.ts'
import { createCredentialsProvider } from '../credentials/credentials-provider.ts'
import { createDeviceAuthorizer } from '../device-permissions.ts'
import { createCertificateClassifier } from '../jitr/classify-certificate.ts'
import { createCertificateRecord } from '../registry/certificate-record.ts'
import { createRegistry } from '../registry/registry.ts'
import type { Registry } from '../registry/types.ts'
import { createServerIdentity, type ServerIdentity } from '../server-identity.ts'
import { createTestAuthority, type TestAuthority, type TestCertificate } from './certificates.ts'
import { createRole } from './create-role.ts'
import { attachPolicy } from './start-broker.ts'

export interface CredentialsAnswer {
  readonly status: number | undefined
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: { message?: string; credentials?: Record<string, string> }
  readonly socket: TLSSocket
}

interface AskOptions {
  readonly alias?: string
  readonly thingName?: string
  readonly method?: string
  readonly path?: string
  readonly agent?: Agent
}

/** A credentials provider with a registry, IAM and the alias `uploads` of a role, for tests. */
export interface CredentialsFixture {
  readonly folder: string
  readonly registry: Registry
  readonly iam: Iam
  readonly identity: ServerIdentity
  readonly authority: TestAuthority
  readonly port: number
  addAlias(roleAlias: string, roleArn: string, credentialDurationSeconds?: number): void
  addThing(thingName: string, about?: { thingTypeName?: string; attributes?: Record<string, string> }): void
  /** An ACTIVE certificate, with a policy of these statements. */
  addDevice(name: string, statements?: readonly object[]): Promise<TestCertificate>
  ask(certificate: Partial<TestCertificate>, options?: AskOptions): Promise<CredentialsAnswer>
  close(): Promise<void>
}

const place = { accountId: '123456789012', region: 'eu-west-1' }
const mayAssume = [{ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: '*' }]

export async function startCredentialsProvider(): Promise<CredentialsFixture> {
  const clock = () => new Date()
  const folder = mkdtempSync(join(tmpdir(), 'credentials-'))
  const registry = createRegistry({ folder, ...place, clock })
  const iam = createIam({ folder, ...place, clock })
  const identity = await createServerIdentity({ folder, clock })
  const authority = await createTestAuthority('Fleet CA')
  const provider = createCredentialsProvider({
    registry,
    identity,
    classify: createCertificateClassifier(registry),
    authorize: createDeviceAuthorizer(registry),
    assumeRole: iam.assumeRole,
    ...place,
    clock,
    log: () => {},
  })
  const port = await provider.listen(0)

  function addAlias(roleAlias: string, roleArn: string, credentialDurationSeconds = 3600): void {
    const times = { createdAtMs: 0, modifiedAtMs: 0 }
    registry.roleAliases.put(roleAlias, { roleAlias, roleArn, credentialDurationSeconds, ...times })
  }
  addAlias('uploads', await createRole(iam, { name: 'uploader', trusts: 'credentials.iot.amazonaws.com' }))

  return {
    folder,
    registry,
    iam,
    identity,
    authority,
    port,
    addAlias,
    addThing: (thingName, about = {}) =>
      registry.things.put(thingName, { thingName, thingId: thingName, attributes: {}, version: 1, ...about }),
    async addDevice(name, statements = mayAssume) {
      const certificate = await authority.issue(name)
      const state = { status: 'ACTIVE', mode: 'SNI_ONLY' } as const
      registry.certificates.put(certificate.certificateId, createCertificateRecord(certificate.cert, state, clock()))
      attachPolicy(registry, `policy-${name}`, certificate.certificateId, statements)
      return certificate
    },
    ask({ cert, key }, { alias = 'uploads', thingName, method = 'GET', path, agent = new Agent() } = {}) {
      const tls = { host: 'localhost', port, cert, key, ca: identity.caCertificatePem }
      const headers = thingName === undefined ? {} : { 'x-amzn-iot-thingname': thingName }
      const target = { path: path ?? `/role-aliases/${alias}/credentials`, method, headers, agent }
      return new Promise((resolve, reject) => {
        const sent = request({ ...tls, ...target }, async (response) => {
          const text = (await response.setEncoding('utf8').toArray()).join('')
          const { statusCode: status, headers } = response
          resolve({ status, headers, body: JSON.parse(text), socket: response.socket as TLSSocket })
        })
        sent.on('error', reject).end()
      })
    },
    async close() {
      await provider.close()
      registry.close()
      iam.close()
      rmSync(folder, { recursive: true })
    },
  }
}
