import type { CaRegistry } from '../registry/ca-registry.ts'
import type { CaStore } from '../stores/ca-store.ts'
import type { CertificateLedger } from '../stores/certificate-ledger.ts'

/** What the operations on CAs share. */
export interface CaManagement {
  readonly store: CaStore
  readonly ledger: CertificateLedger
  readonly registry: CaRegistry
  /** Makes a key for a fleet CA in KMS, and gives its id. */
  readonly createKey: () => Promise<string>
  /** Makes the CA certificate (PEM) of a key. */
  readonly createCertificate: (keyId: string) => Promise<string>
  readonly clock: () => Date
}
