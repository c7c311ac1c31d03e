import 'reflect-metadata'
import { IoTClient } from '@aws-sdk/client-iot'
import { KMSClient } from '@aws-sdk/client-kms'
import { z } from 'zod'
import { routeKey, routes } from '#contract/api.ts'
import { certificateIdSchema } from '#contract/api-fields.ts'
import { drainQuerySchema, registerCaCertificateRequestSchema } from '#contract/certificates-api.ts'
import { createCaRegistry } from '../registry/ca-registry.ts'
import { createTables } from '../runtime/clients.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createCaStore } from '../stores/ca-store.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createCaKeys } from '../x509/ca-keys.ts'
import { createCaCertificate } from '../x509/create-ca-certificate.ts'
import { createKmsSigner, readPublicKey } from '../x509/kms-signer.ts'
import type { CaManagement } from './ca-management.ts'
import { drainCa } from './drain-ca.ts'
import { registerCa } from './register-ca.ts'
import { retireCa } from './retire-ca.ts'
import { rotateFleetCa } from './rotate-fleet-ca.ts'
import { summarizeCa } from './summarize-ca.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  /** What marks a key in KMS as one of this stack's CAs: the functions may sign with no other. */
  CA_KEY_TAG: z.string().min(1),
  CA_KEY_TAG_VALUE: z.string().min(1),
  CA_VALIDITY_DAYS: z.coerce.number().int().positive(),
})

const kms = new KMSClient({})
const tables = createTables()
const management: CaManagement = {
  store: createCaStore(tables, environment.LEDGER_TABLE),
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  registry: createCaRegistry(new IoTClient({})),
  keys: createCaKeys(kms, { name: environment.CA_KEY_TAG, value: environment.CA_KEY_TAG_VALUE }),
  createCertificate: async (keyId) =>
    createCaCertificate(
      {
        commonName: `thingdrop fleet CA ${keyId.slice(0, 8)}`,
        validityDays: environment.CA_VALIDITY_DAYS,
        publicKey: await readPublicKey(kms, keyId),
      },
      createKmsSigner(kms, keyId),
      new Date(),
    ),
  clock: () => new Date(),
}
const { store, registry } = management

export const handler = createHttpHandler({
  [routeKey(routes.listCaCertificates)]: async () => {
    const [entries, signing] = await Promise.all([store.list(), store.getSigning()])
    return { status: 200, body: { caCertificates: entries.map((entry) => summarizeCa(entry, signing)) } }
  },

  [routeKey(routes.registerCaCertificate)]: async ({ json }) => ({
    status: 201,
    body: await registerCa(management, parseRequest(registerCaCertificateRequestSchema, json())),
  }),

  [routeKey(routes.showRegistrationCode)]: async () => ({
    status: 200,
    body: { registrationCode: await registry.readRegistrationCode() },
  }),

  [routeKey(routes.rotateFleetCa)]: async () => ({ status: 201, body: await rotateFleetCa(management) }),

  [routeKey(routes.drainCaCertificate)]: async ({ path, query }) => {
    const { cursor } = parseRequest(drainQuerySchema, query)
    const caCertificateId = parseRequest(certificateIdSchema, path.caCertificateId)
    const { standing, next } = await drainCa(
      management,
      caCertificateId,
      parseCursor(cursor, /^(registered|vended)#[\x21-\x7e]*$/),
    )
    return { status: 200, body: next === undefined ? { standing } : { standing, cursor: formatCursor(next) } }
  },

  [routeKey(routes.retireCaCertificate)]: async ({ path }) => ({
    status: 200,
    body: await retireCa(management, parseRequest(certificateIdSchema, path.caCertificateId)),
  }),
})
