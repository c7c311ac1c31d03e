import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { IoTClient } from '@aws-sdk/client-iot'
import { z } from 'zod'
import { createFleetEvents } from '../registry/fleet-events.ts'
import { createIotRegistry } from '../registry/iot-registry.ts'
import { parseRegistrationEvent } from '../registry/registration-event.ts'
import { registrationEnvironment } from '../rules/registration-environment.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { log } from '../runtime/log.ts'
import { createPace } from '../runtime/pace.ts'
import { createQueueHandler } from '../runtime/queue-handler.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { registerCertificate } from './register-certificate.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  DEVICE_POLICY: z.string().min(1),
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
  REGISTRATIONS_PER_SECOND: z.coerce.number().positive(),
  ...registrationEnvironment,
})

/** Others in the account use up its rates too. With these, a call that is throttled is tried for about ten seconds. */
const maxAttempts = 6

const tables = createTables()
const registering = {
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  registry: createIotRegistry(new IoTClient({ maxAttempts }), {
    policyName: environment.DEVICE_POLICY,
    certificateArnPrefix: environment.CERTIFICATE_ARN_PREFIX,
  }),
  events: createFleetEvents(new EventBridgeClient({})),
  rules: environment.REGISTRATION_RULES,
  catalog: { thingTypeNames: environment.THING_TYPES, thingGroupNames: environment.THING_GROUPS },
  awaitTurn: createPace(environment.REGISTRATIONS_PER_SECOND),
  clock: () => new Date(),
}

async function handle(body: string): Promise<void> {
  log('info', 'registration', await registerCertificate(registering, parseRegistrationEvent(body)))
}

export const handler = createQueueHandler((records) => Promise.allSettled(records.map((record) => handle(record.body))))
