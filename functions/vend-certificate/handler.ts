import 'reflect-metadata'
import { KMSClient } from '@aws-sdk/client-kms'
import { z } from 'zod'
import { createCertificateRequestSchema, routeKey, routes } from '#contract/api.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createKmsSigner } from '../x509/kms-signer.ts'
import { signCertificate } from './sign-certificate.ts'
import { vendCertificate } from './vend-certificate.ts'

const environment = parseEnvironment({
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.url().optional(),
  LEDGER_TABLE: z.string().min(1),
  CA_KEY_ID: z.string().min(1),
  CA_CERTIFICATE_PEM: z.string().min(1),
  CERTIFICATE_VALIDITY_DAYS: z.coerce.number().int().positive(),
  THING_TYPE: z.string().min(1),
  ROLE_ALIAS: z.string().min(1),
  BUCKET: z.string().min(1),
  MQTT_ENDPOINT: z.string().min(1),
  CREDENTIALS_ENDPOINT: z.string().min(1),
})

const tables = createTables()
const signing = {
  signer: createKmsSigner(new KMSClient({}), environment.CA_KEY_ID),
  caCertificatePem: environment.CA_CERTIFICATE_PEM,
  validityDays: environment.CERTIFICATE_VALIDITY_DAYS,
}
const vending = {
  claims: createClaimStore(tables, environment.LEDGER_TABLE),
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  sign: (request: Parameters<typeof signCertificate>[0], now: Date) => signCertificate(request, signing, now),
  caCertificatePem: environment.CA_CERTIFICATE_PEM,
  clock: () => new Date(),
  device: {
    thingTypeName: environment.THING_TYPE,
    region: environment.AWS_REGION,
    bucket: environment.BUCKET,
    roleAlias: environment.ROLE_ALIAS,
    mqttEndpoint: environment.MQTT_ENDPOINT,
    credentialsEndpoint: environment.CREDENTIALS_ENDPOINT,
    // AWS sets no endpoint: S3 is where its name says. A cloud on one machine sets one, and a device needs to know.
    ...(environment.AWS_ENDPOINT_URL === undefined ? {} : { s3Endpoint: environment.AWS_ENDPOINT_URL }),
  },
}

export const handler = createHttpHandler({
  [routeKey(routes.createCertificate)]: async ({ json, requestId }) => ({
    status: 201,
    body: await vendCertificate(vending, parseRequest(createCertificateRequestSchema, json()), requestId),
  }),
})
