import type { CaRegistry } from '../registry/ca-registry.ts'
import type { CaStore } from '../stores/ca-store.ts'
import type { CertificateLedger } from '../stores/certificate-ledger.ts'
import type { CaKeys } from '../x509/ca-keys.ts'

/** What the operations on CAs share. */
export interface CaManagement {
  readonly store: CaStore
  readonly ledger: CertificateLedger
  readonly registry: CaRegistry
  readonly keys: CaKeys
  /** Makes the CA certificate (PEM) of a key. */
  readonly createCertificate: (keyId: string) => Promise<string>
  readonly clock: () => Date
}
