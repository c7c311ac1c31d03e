import { expect, test } from 'vitest'
import type { Explanation } from '#contract/explanation.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { explainWay } from './explain-way.ts'
import type { Answer, CaFacts, CertificateFacts, Facts, IotCertificate, StackFacts, ThingFacts } from './facts.ts'
import { devicesTrust } from './policy-documents.ts'

export type Step = Explanation['steps'][number]
export type StepName = Step['step']

export const now = new Date('2026-05-01T12:00:00.000Z')
export const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000)
export const id = 'a'.repeat(64)
export const otherId = 'b'.repeat(64)
export const caId = 'c'.repeat(64)
export const otherCaId = 'd'.repeat(64)
export const certificateArn = `arn:aws:iot:eu-west-1:123456789012:cert/${id}`
const queueUrl = 'https://sqs.eu-west-1.amazonaws.com/123456789012/events'
export const deadLettersArn = 'arn:aws:sqs:eu-west-1:123456789012:dead'

export const found = <Found>(value: Found): Answer<Found> => ({ found: value })
export const absent = { found: undefined }
export const failed = { failed: 'DescribeThing answered ThrottlingException' }

export const entry: CertificateEntry = {
  certificateId: id,
  state: 'active',
  origin: 'claim',
  thingName: 'press-1',
  attributes: {},
  caCertificateId: caId,
  serialNumber: '01',
  notAfter: '2027-01-01T00:00:00.000Z',
  createdAt: '2026-01-01T00:00:00.000Z',
  changedAt: '2026-01-01T00:00:00.000Z',
  activatedAt: '2026-01-01T00:00:00.000Z',
}
export const iotCertificate: IotCertificate = {
  status: 'ACTIVE',
  caCertificateId: caId,
  notBefore: new Date(0),
  notAfter: new Date(entry.notAfter),
  changedAt: minutesAgo(60),
}
const certificate: CertificateFacts = {
  entry: found(entry),
  iot: found(iotCertificate),
  policies: found(['fleet-device']),
}
export const thingEntry = {
  thingName: 'press-1',
  state: 'active',
  certificateId: id,
  attributes: {},
  changedAt: entry.changedAt,
} as const
const upload = {
  event: 'created',
  key: 'things/press-1/a.csv',
  eventTime: '2026-05-01T09:00:00.000Z',
  loggedAt: '2026-05-01T09:00:01.000Z',
  sequencer: '01',
} as const
export const thing: ThingFacts = {
  entry: found(thingEntry),
  certificates: found([entry]),
  claims: found([]),
  iot: found({ thingTypeName: 'fleet-device' }),
  attached: found([id]),
  upload: found(upload),
}
export const iotCa = { isActive: true, registersByItself: true, notAfter: new Date('2046-01-01T00:00:00.000Z') }
export const caEntry = {
  caCertificateId: caId,
  certificatePem: '',
  kind: 'fleet',
  subject: 'CN=fleet',
  notAfter: '2046-01-01T00:00:00.000Z',
  createdAt: entry.createdAt,
} as const
const ca: CaFacts = { caCertificateId: caId, signingId: found(caId), entry: found(caEntry), iot: found(iotCa) }
export const allowed = (...Action: string[]) => ({ Statement: [{ Effect: 'Allow', Action, Resource: '*' }] })
const stack: StackFacts = {
  rule: found({ isEnabled: true }),
  waitingEvents: found(0),
  deadLetters: found({ count: 0, queueArn: deadLettersArn }),
  policy: found(allowed('iot:Connect', 'iot:AssumeRoleWithCertificate')),
  alias: found({ roleArn: 'arn:aws:iam::123456789012:role/devices', sessionSeconds: 3600 }),
  role: found({ trust: devicesTrust, maxSessionSeconds: 3600 }),
  rolePolicies: found(['uploads']),
}
const healthy: Facts = {
  names: {
    devicePolicy: 'fleet-device',
    roleAlias: 'fleet-uploads',
    roleName: 'devices',
    roleArn: 'arn:aws:iam::123456789012:role/devices',
    sessionSeconds: 3600,
    registrationRule: 'register',
    registrationQueueUrl: queueUrl,
    registrationDeadLettersUrl: `${queueUrl}-dead`,
    certificateArnPrefix: 'arn:aws:iot:eu-west-1:123456789012:cert/',
  },
  thingName: 'press-1',
  certificateId: id,
  certificate,
  thing,
  ca,
  stack,
}

/** Facts that differ from those of a healthy device in some answers. */
interface Difference {
  readonly entry?: Partial<CertificateEntry>
  readonly certificate?: Partial<CertificateFacts>
  /** undefined: AWS IoT does not know the certificate. */
  readonly status?: string | undefined
  readonly changedAt?: Date
  readonly thing?: Partial<ThingFacts>
  readonly ca?: Partial<CaFacts>
  readonly stack?: Partial<StackFacts>
  readonly facts?: Partial<Facts>
}

export function factsWith(difference: Difference): Facts {
  const status = 'status' in difference ? difference.status : 'ACTIVE'
  const changedAt = difference.changedAt ?? iotCertificate.changedAt
  return {
    ...healthy,
    certificate: {
      ...certificate,
      entry: found({ ...entry, ...difference.entry }),
      iot: status === undefined ? absent : found({ ...iotCertificate, status, changedAt }),
      ...difference.certificate,
    },
    thing: { ...thing, ...difference.thing },
    ca: { ...ca, ...difference.ca },
    stack: { ...stack, ...difference.stack },
    ...difference.facts,
  }
}

export function explain(difference: Difference): Record<StepName, Step> {
  const steps = explainWay(factsWith(difference), now)
  return Object.fromEntries(steps.map((step) => [step.step, step])) as Record<StepName, Step>
}

export const vended = {
  entry: { state: 'vended' },
  thing: { entry: absent, attached: found([]) },
} as const
export const pending = { ...vended, status: 'PENDING_ACTIVATION', certificate: { policies: found([]) } } as const
export const quarantinedWith = (reason: string) =>
  ({ ...vended, status: 'INACTIVE', entry: { ...vended.entry, state: 'quarantined', reason } }) as const
export const claimed: Difference = {
  thing: { ...thing, entry: absent, certificates: found([]), iot: absent, attached: absent, upload: absent },
  facts: { certificateId: undefined, certificate: { entry: absent, iot: absent, policies: absent } },
}
export const claim = (expiresAt: string) => ({
  ...claimed,
  thing: { ...claimed.thing, claims: found([{ claimId: '0123456789abcdef', expiresAt }]) },
})
export const isHeldByOther = { ...thing, entry: found({ ...thingEntry, certificateId: otherId }) }
const event = JSON.stringify({
  certificateId: id,
  caCertificateId: caId,
  timestamp: now.getTime(),
  certificateStatus: 'PENDING_ACTIVATION',
  awsAccountId: '123456789012',
})
export const sendEvent = `aws sqs send-message --queue-url ${queueUrl} --message-body '${event}'`
export const newClaim = 'thingdrop claims create --thing press-1'
export const approve = `thingdrop certificates approve ${id}`
export const restoreStack = 'npx cdk deploy --revert-drift'

/** Declares tests of one step: what is so, its finding, and its mend when it is broken. */
export function testStep(name: StepName) {
  const declare =
    (outcome: Step['outcome']) => (what: string, difference: Difference, finding: RegExp, mend?: string) =>
      test(`${name}: ${what}`, () => {
        const steps = explain(difference)
        const expected = { step: name, outcome, finding: expect.stringMatching(finding) }
        expect(steps[name]).toEqual(mend === undefined ? expected : { ...expected, mend })
        for (const step of Object.values(steps)) expect(step.mend !== undefined).toBe(step.outcome === 'broken')
      })
  return {
    holds: declare('holds'),
    waits: declare('waiting'),
    isBroken: declare('broken'),
    isUnknown: declare('unknown'),
  }
}
