import { IAMClient } from '@aws-sdk/client-iam'
import { IoTClient } from '@aws-sdk/client-iot'
import { SQSClient } from '@aws-sdk/client-sqs'
import middy from '@middy/core'
import type { Context, ScheduledEvent } from 'aws-lambda'
import { z } from 'zod'
import { createCaRegistry } from '../registry/ca-registry.ts'
import { createDeviceSessions } from '../registry/device-sessions.ts'
import { createIotRegistry } from '../registry/iot-registry.ts'
import { createRegistrationQueue } from '../registry/registration-queue.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { log } from '../runtime/log.ts'
import { emitMetrics } from '../runtime/metrics.ts'
import { createCaStore } from '../stores/ca-store.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createRenewalStore } from '../stores/renewal-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { countExpiring } from './count-expiring.ts'
import { forgetEnded } from './forget-ended.ts'
import { requeuePending } from './requeue-pending.ts'
import { settleRenewals } from './settle-renewals.ts'
import type { Sweeping } from './sweeping.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  DEVICE_POLICY: z.string().min(1),
  DEVICE_ROLE: z.string().min(1),
  /** Ages in seconds: of a pending certificate that is seen to, of a denial that no session needs, of a renewal that nobody will confirm. */
  PENDING_SECONDS: z.coerce.number().int().nonnegative(),
  DENIAL_SECONDS: z.coerce.number().int().nonnegative(),
  RENEWAL_SECONDS: z.coerce.number().int().nonnegative(),
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
  REGISTRATION_QUEUE_URL: z.url(),
})

const tables = createTables()
const iot = new IoTClient({})
const sweeping: Sweeping = {
  cas: createCaStore(tables, environment.LEDGER_TABLE),
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  renewals: createRenewalStore(tables, environment.LEDGER_TABLE),
  caRegistry: createCaRegistry(iot),
  registry: createIotRegistry(iot, {
    policyName: environment.DEVICE_POLICY,
    certificateArnPrefix: environment.CERTIFICATE_ARN_PREFIX,
  }),
  sessions: createDeviceSessions(new IAMClient({}), environment.DEVICE_ROLE),
  requestRegistration: createRegistrationQueue(new SQSClient({}), {
    queueUrl: environment.REGISTRATION_QUEUE_URL,
    certificateArnPrefix: environment.CERTIFICATE_ARN_PREFIX,
  }),
  clock: () => new Date(),
}

const before = (seconds: number) => new Date(sweeping.clock().getTime() - seconds * 1000)

async function sweep(): Promise<Record<string, number>> {
  const { expiring, expired } = await countExpiring(sweeping)
  return {
    CertificatesPending: await requeuePending(sweeping, before(environment.PENDING_SECONDS)),
    RenewalsUnconfirmed: await settleRenewals(sweeping, before(environment.RENEWAL_SECONDS)),
    DenialsLapsed: await sweeping.sessions.lapse(before(environment.DENIAL_SECONDS)),
    CertificatesForgotten: await forgetEnded(sweeping),
    CertificatesExpiring: expiring,
    CertificatesExpired: expired,
  }
}

export const handler = middy<ScheduledEvent, void, Error, Context>().handler(async () => {
  const counts = await sweep()
  log('info', 'sweep', counts)
  emitMetrics(counts, sweeping.clock())
})
