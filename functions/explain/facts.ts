import type { Upload } from '#contract/api.ts'
import type { CaEntry } from '../stores/ca-store.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import type { ClaimEntry } from '../stores/claim-store.ts'
import type { ThingEntry } from '../stores/thing-store.ts'

/** What was found, undefined when there is nothing; or why it could not be told. */
export type Answer<Found> = { readonly found: Found | undefined } | { readonly failed: string }

/** How the stack names its parts. */
export interface StackNames {
  readonly devicePolicy: string
  readonly roleAlias: string
  readonly roleName: string
  readonly roleArn: string
  /** How long the role alias lets credentials live. */
  readonly sessionSeconds: number
  readonly registrationRule: string
  readonly registrationQueueUrl: string
  readonly registrationDeadLettersUrl: string
  /** `arn:aws:iot:REGION:ACCOUNT:cert/`: what an id is appended to. */
  readonly certificateArnPrefix: string
}

/** A certificate as AWS IoT knows it. */
export interface IotCertificate {
  readonly status: string
  readonly caCertificateId: string | undefined
  readonly notBefore: Date | undefined
  readonly notAfter: Date | undefined
  readonly changedAt: Date | undefined
}

interface IotCa {
  readonly isActive: boolean
  readonly registersByItself: boolean
  readonly notAfter: Date | undefined
}

export interface CertificateFacts {
  readonly entry: Answer<CertificateEntry>
  readonly iot: Answer<IotCertificate>
  /** Names of the policies that are attached to it. */
  readonly policies: Answer<readonly string[]>
}

export interface ThingFacts {
  readonly entry: Answer<ThingEntry>
  readonly certificates: Answer<readonly CertificateEntry[]>
  /** Neither spent nor revoked. */
  readonly claims: Answer<readonly Pick<ClaimEntry, 'claimId' | 'expiresAt'>[]>
  readonly iot: Answer<{ readonly thingTypeName: string | undefined }>
  /** Ids of the certificates that are attached to it. */
  readonly attached: Answer<readonly string[]>
  /** Its newest upload. */
  readonly upload: Answer<Upload>
}

/** The certificate's CA; without a certificate, the CA that the next one comes from. */
export interface CaFacts {
  readonly caCertificateId: string | undefined
  readonly signingId: Answer<string>
  readonly entry: Answer<CaEntry>
  readonly iot: Answer<IotCa>
}

/** What is the same for all devices. */
export interface StackFacts {
  readonly rule: Answer<{ readonly isEnabled: boolean }>
  /** Approximately, of the whole fleet: in the registration queue, and given up. */
  readonly waitingEvents: Answer<number>
  readonly deadLetters: Answer<{ readonly count: number; readonly queueArn: string }>
  /** Documents, as they were read. */
  readonly policy: Answer<unknown>
  readonly alias: Answer<{ readonly roleArn: string | undefined; readonly sessionSeconds: number }>
  readonly role: Answer<{ readonly trust: unknown; readonly maxSessionSeconds: number }>
  /** Names of the role's inline policies. */
  readonly rolePolicies: Answer<readonly string[]>
}

/** All that is known of one device's way, before anything is decided. */
export interface Facts {
  readonly names: StackNames
  readonly thingName: string | undefined
  readonly certificateId: string | undefined
  readonly certificate: CertificateFacts
  readonly thing: ThingFacts
  readonly ca: CaFacts
  readonly stack: StackFacts
}

/** What was found; undefined when it was not, or when it could not be told. */
export function foundIn<Found>(answer: Answer<Found>): Found | undefined {
  return 'found' in answer ? answer.found : undefined
}
