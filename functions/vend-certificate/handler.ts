import 'reflect-metadata'
import { KMSClient } from '@aws-sdk/client-kms'
import { z } from 'zod'
import { routeKey, routes } from '#contract/api.ts'
import {
  createCertificateRequestSchema,
  issueCertificateRequestSchema,
  renewCertificateRequestSchema,
} from '#contract/certificates-api.ts'
import { parseThingName } from '#contract/thing-name.ts'
import { checkThing, type WantedThing } from '../rules/check-thing.ts'
import { registrationEnvironment } from '../rules/registration-environment.ts'
import { callingCertificate } from '../runtime/calling-certificate.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createCaStore } from '../stores/ca-store.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createIssuanceStore } from '../stores/issuance-store.ts'
import { createRenewalStore } from '../stores/renewal-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createKmsSigner } from '../x509/kms-signer.ts'
import { issueCertificate } from './issue-certificate.ts'
import { renewCertificate } from './renew-certificate.ts'
import { signCertificate } from './sign-certificate.ts'
import { vendCertificate } from './vend-certificate.ts'
import type { Vending } from './vending.ts'

const environment = parseEnvironment({
  AWS_REGION: z.string().min(1),
  AWS_ENDPOINT_URL: z.url().optional(),
  LEDGER_TABLE: z.string().min(1),
  CERTIFICATE_VALIDITY_DAYS: z.coerce.number().int().positive(),
  DEVICE_ROLE: z.string().min(1),
  API_URL: z.url(),
  ...registrationEnvironment,
  ROLE_ALIAS: z.string().min(1),
  BUCKET: z.string().min(1),
  MQTT_ENDPOINT: z.string().min(1),
  CREDENTIALS_ENDPOINT: z.string().min(1),
})

const tables = createTables()
const kms = new KMSClient({})
const cas = createCaStore(tables, environment.LEDGER_TABLE)
const vending: Vending = {
  claims: createClaimStore(tables, environment.LEDGER_TABLE),
  issuances: createIssuanceStore(tables, environment.LEDGER_TABLE),
  renewals: createRenewalStore(tables, environment.LEDGER_TABLE),
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  async sign(request, now) {
    // Read each time: after a rotation nothing more is signed by the CA before.
    const ca = await cas.getSigning()
    const signer = createKmsSigner(kms, ca.keyId)
    return signCertificate(request, { signer, ca, validityDays: environment.CERTIFICATE_VALIDITY_DAYS }, now)
  },
  clock: () => new Date(),
  device: {
    thingTypeName: environment.THING_TYPES[0] ?? '',
    region: environment.AWS_REGION,
    bucket: environment.BUCKET,
    roleAlias: environment.ROLE_ALIAS,
    mqttEndpoint: environment.MQTT_ENDPOINT,
    credentialsEndpoint: environment.CREDENTIALS_ENDPOINT,
    apiUrl: environment.API_URL,
    // AWS sets no endpoint: S3 is where its name says. A cloud on one machine sets one, and a device needs to know.
    ...(environment.AWS_ENDPOINT_URL === undefined ? {} : { s3Endpoint: environment.AWS_ENDPOINT_URL }),
  },
}

const checkWanted = (thing: WantedThing) =>
  checkThing(thing, environment.REGISTRATION_RULES, {
    thingTypeNames: environment.THING_TYPES,
    thingGroupNames: environment.THING_GROUPS,
  })

export const handler = createHttpHandler({
  [routeKey(routes.createCertificate)]: async ({ json, requestId }) => ({
    status: 201,
    body: await vendCertificate(vending, parseRequest(createCertificateRequestSchema, json()), requestId),
  }),

  [routeKey(routes.issueCertificate)]: async ({ json }) => {
    const request = parseRequest(issueCertificateRequestSchema, json())
    return { status: 201, body: await issueCertificate(vending, request, checkWanted) }
  },

  [routeKey(routes.renewCertificate)]: async ({ json, path, callerArn }) => {
    const certificateId = callingCertificate(callerArn, environment.DEVICE_ROLE)
    const { csr } = parseRequest(renewCertificateRequestSchema, json())
    const device = { thingName: parseThingName(path.thing ?? ''), certificateId }
    return { status: 201, body: await renewCertificate(vending, device, csr) }
  },
})
