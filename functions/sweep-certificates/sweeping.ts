import type { CaRegistry } from '../registry/ca-registry.ts'
import type { DeviceSessions } from '../registry/device-sessions.ts'
import type { IotRegistry } from '../registry/iot-registry.ts'
import type { CaStore } from '../stores/ca-store.ts'
import type { CertificateLedger } from '../stores/certificate-ledger.ts'
import type { RenewalStore } from '../stores/renewal-store.ts'
import type { ThingStore } from '../stores/thing-store.ts'

/** What the parts of a sweep share. */
export interface Sweeping {
  readonly cas: CaStore
  readonly ledger: CertificateLedger
  readonly things: ThingStore
  readonly renewals: RenewalStore
  readonly caRegistry: CaRegistry
  readonly registry: IotRegistry
  readonly sessions: DeviceSessions
  /** Has a certificate registered as if it connected at this time. */
  readonly requestRegistration: (
    certificate: { readonly certificateId: string; readonly caCertificateId: string },
    at: Date,
  ) => Promise<void>
  readonly clock: () => Date
}
