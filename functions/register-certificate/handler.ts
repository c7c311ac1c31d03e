import { IoTClient } from '@aws-sdk/client-iot'
import { z } from 'zod'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { log } from '../runtime/log.ts'
import { createQueueHandler } from '../runtime/queue-handler.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createIotRegistry } from './iot-registry.ts'
import { registerCertificate } from './register-certificate.ts'
import { parseRegistrationEvent } from './registration-event.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  THING_TYPE: z.string().min(1),
  DEVICE_POLICY: z.string().min(1),
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
})

const tables = createTables()
const registering = {
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  registry: createIotRegistry(new IoTClient({}), {
    thingTypeName: environment.THING_TYPE,
    policyName: environment.DEVICE_POLICY,
    certificateArnPrefix: environment.CERTIFICATE_ARN_PREFIX,
  }),
  clock: () => new Date(),
}

async function handle(body: string): Promise<void> {
  log('info', 'registration', await registerCertificate(registering, parseRegistrationEvent(body)))
}

export const handler = createQueueHandler((records) => Promise.allSettled(records.map((record) => handle(record.body))))
