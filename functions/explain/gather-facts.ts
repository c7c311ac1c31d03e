import { certificateIdSchema } from '#contract/api-fields.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import type { CaStore } from '../stores/ca-store.ts'
import type { CertificateLedger } from '../stores/certificate-ledger.ts'
import type { ClaimStore } from '../stores/claim-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import type { UploadLog } from '../stores/upload-log.ts'
import { ask, nothing } from './ask.ts'
import { chooseCertificate } from './choose-certificate.ts'
import {
  type Answer,
  type CaFacts,
  type CertificateFacts,
  type Facts,
  foundIn,
  type StackNames,
  type ThingFacts,
} from './facts.ts'
import type { AwsReader } from './read-aws.ts'

export interface Gathering {
  readonly names: StackNames
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly claims: ClaimStore
  readonly cas: CaStore
  readonly uploads: UploadLog
  readonly aws: AwsReader
}

const noCertificate: CertificateFacts = { entry: nothing, iot: nothing, policies: nothing }
const noThing: ThingFacts = {
  entry: nothing,
  certificates: nothing,
  claims: nothing,
  iot: nothing,
  attached: nothing,
  upload: nothing,
}

/**
 * Gathers what is known of a thing, or of a certificate when the ledger or AWS IoT has one of that id. Undefined when
 * there is neither. No single failure ends it.
 */
export async function gatherFacts(gathering: Gathering, subject: string, now: Date): Promise<Facts | undefined> {
  const stackAnswer = gathering.aws.stack()
  const named = await gatherSubject(gathering, subject, now)
  if (!named) return undefined
  const [stack, ca] = await Promise.all([stackAnswer, gatherCa(gathering, named.certificate)])
  return { names: gathering.names, ...named, ca, stack }
}

type SubjectFacts = Pick<Facts, 'thingName' | 'certificateId' | 'certificate' | 'thing'>

async function gatherSubject(gathering: Gathering, subject: string, now: Date): Promise<SubjectFacts | undefined> {
  if (certificateIdSchema.safeParse(subject).success) {
    const certificate = await gatherCertificate(gathering, subject)
    if (mayBeThere(certificate.entry, certificate.iot)) {
      const thingName = foundIn(certificate.entry)?.thingName
      const isName = thingName !== undefined && thingNamePattern.test(thingName)
      const thing = isName ? await gatherThing(gathering, thingName, now) : noThing
      return { thingName: isName ? thingName : undefined, certificateId: subject, certificate, thing }
    }
  }
  const thing = await gatherThing(gathering, subject, now)
  if (!mayBeThere(thing.entry, thing.certificates, thing.claims, thing.iot)) return undefined
  const certificateId = chooseCertificate(thing)
  const certificate = certificateId === undefined ? noCertificate : await gatherCertificate(gathering, certificateId)
  return { thingName: subject, certificateId, certificate, thing }
}

/** What could not be told may be there. */
function mayBeThere(...answers: readonly Answer<unknown>[]): boolean {
  return answers.some((answer) =>
    'failed' in answer ? true : Array.isArray(answer.found) ? answer.found.length > 0 : answer.found !== undefined,
  )
}

async function gatherCertificate({ ledger, aws }: Gathering, certificateId: string): Promise<CertificateFacts> {
  const [entry, iot, policies] = await Promise.all([
    ask('the ledger', () => ledger.find(certificateId)),
    aws.certificate(certificateId),
    aws.attachedPolicies(certificateId),
  ])
  return { entry, iot, policies }
}

async function gatherThing(gathering: Gathering, thingName: string, now: Date): Promise<ThingFacts> {
  const { ledger, things, claims, aws } = gathering
  const [entry, certificates, unused, iot, attached, upload] = await Promise.all([
    ask('the ledger', () => things.find(thingName)),
    ask('the ledger', () => ledger.listOfThing(thingName)),
    ask('the ledger', async () => {
      const found = await claims.listUnusedOfThing(thingName)
      return found.map(({ claimId, expiresAt }) => ({ claimId, expiresAt }))
    }),
    aws.thing(thingName),
    aws.attachedCertificates(thingName),
    ask('the upload log', () => findNewestUpload(gathering, thingName, now)),
  ])
  return { entry, certificates, claims: unused, iot, attached, upload }
}

/** S3's clock may be a little ahead. Removals are among the rows, and few. */
async function findNewestUpload({ uploads }: Gathering, thingName: string, now: Date) {
  const range = { from: new Date(0), to: new Date(now.getTime() + 3_600_000), limit: 50, before: undefined }
  const page = await uploads.list({ ...range, thingName })
  return page.uploads.find(({ event }) => event === 'created')
}

async function gatherCa({ cas, aws }: Gathering, certificate: CertificateFacts): Promise<CaFacts> {
  const signingId = await ask('the ledger', async () => (await cas.getSigning()).caCertificateId)
  const caCertificateId =
    foundIn(certificate.entry)?.caCertificateId ?? foundIn(certificate.iot)?.caCertificateId ?? foundIn(signingId)
  if (caCertificateId === undefined) return { caCertificateId, signingId, entry: nothing, iot: nothing }
  const [entry, iot] = await Promise.all([ask('the ledger', () => cas.find(caCertificateId)), aws.ca(caCertificateId)])
  return { caCertificateId, signingId, entry, iot }
}
