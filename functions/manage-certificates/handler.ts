import { IAMClient } from '@aws-sdk/client-iam'
import { IoTClient } from '@aws-sdk/client-iot'
import { SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { routeKey, routes } from '#contract/api.ts'
import { certificateIdSchema } from '#contract/api-fields.ts'
import {
  approveCertificateRequestSchema,
  certificateSchema,
  decisionRequestSchema,
} from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import { parseThingName } from '#contract/thing-name.ts'
import { createDeviceSessions } from '../registry/device-sessions.ts'
import { createIotRegistry } from '../registry/iot-registry.ts'
import { createRegistrationQueue } from '../registry/registration-queue.ts'
import { revokeWithRenewals } from '../registry/revoke-certificate.ts'
import { callingCertificate } from '../runtime/calling-certificate.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { type CertificateEntry, createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createRenewalStore } from '../stores/renewal-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { confirmCertificate } from './confirm-certificate.ts'
import { approveCertificate, rejectCertificate } from './decide-quarantine.ts'
import { deleteThing, revokeThing } from './revoke-thing.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  DEVICE_POLICY: z.string().min(1),
  DEVICE_ROLE: z.string().min(1),
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
  REGISTRATION_QUEUE_URL: z.url(),
})

const tables = createTables()
const parts = {
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  claims: createClaimStore(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  renewals: createRenewalStore(tables, environment.LEDGER_TABLE),
  registry: createIotRegistry(new IoTClient({}), {
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

type Path = Readonly<Record<string, string | undefined>>

function findCertificate({ certificateId }: Path): Promise<CertificateEntry> {
  return parts.ledger.get(parseRequest(certificateIdSchema, certificateId))
}

/** What became of it. */
async function answerWith(path: Path) {
  return { status: 200, body: certificateSchema.parse(await findCertificate(path)) }
}

export const handler = createHttpHandler({
  [routeKey(routes.confirmCertificate)]: async ({ path, callerArn }) => {
    const certificateId = callingCertificate(callerArn, environment.DEVICE_ROLE)
    if (path.certificateId !== certificateId) {
      throw new Fault('CALLER_MISMATCH', 'another certificate than the one confirmed signed the request', {
        hint: 'confirm with the credentials of the new certificate',
      })
    }
    const thingName = parseThingName(path.thing ?? '')
    return { status: 200, body: await confirmCertificate(parts, { thingName, certificateId }) }
  },

  [routeKey(routes.approveCertificate)]: async ({ path, json }) => {
    const request = parseRequest(approveCertificateRequestSchema, json())
    await approveCertificate(parts, await findCertificate(path), request)
    return answerWith(path)
  },

  [routeKey(routes.rejectCertificate)]: async ({ path, json }) => {
    const { reason } = parseRequest(decisionRequestSchema, json())
    await rejectCertificate(parts, await findCertificate(path), reason)
    return answerWith(path)
  },

  [routeKey(routes.revokeCertificate)]: async ({ path, json }) => {
    const { reason } = parseRequest(decisionRequestSchema, json())
    await revokeWithRenewals(parts, await findCertificate(path), reason)
    return answerWith(path)
  },

  [routeKey(routes.revokeThing)]: async ({ path, json }) => {
    const { reason } = parseRequest(decisionRequestSchema, json())
    return { status: 200, body: await revokeThing(parts, parseThingName(path.thing ?? ''), reason) }
  },

  [routeKey(routes.deleteThing)]: async ({ path }) => ({
    status: 200,
    body: await deleteThing(parts, parseThingName(path.thing ?? ''), 'its thing was deleted'),
  }),
})
