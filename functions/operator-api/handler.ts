import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { listUploadsQuerySchema, routeKey, routes } from '#contract/api.ts'
import { certificateIdSchema } from '#contract/api-fields.ts'
import { certificateSchema, listCertificatesQuerySchema } from '#contract/certificates-api.ts'
import { createClaimRequestSchema, listClaimsQuerySchema } from '#contract/claims-api.ts'
import { Fault } from '#contract/fault.ts'
import { parseThingName, thingNamePattern } from '#contract/thing-name.ts'
import { listThingsQuerySchema, thingSchema } from '#contract/things-api.ts'
import { registrationEnvironment } from '../rules/registration-environment.ts'
import { createTables } from '../runtime/clients.ts'
import { formatCursor, parseCursor } from '../runtime/cursor.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { createUploadStore } from '../stores/upload-store.ts'
import { createClaim } from './create-claim.ts'
import { listCertificates } from './list-certificates.ts'
import { listClaims, revokeClaim } from './list-claims.ts'
import { listUploads } from './list-uploads.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  UPLOAD_LOG_TABLE: z.string().min(1),
  API_URL: z.url(),
  ...registrationEnvironment,
})

const clock = () => new Date()
const tables = createTables()
const uploads = {
  log: createUploadLog(tables, environment.UPLOAD_LOG_TABLE),
  issued: createUploadStore(tables, environment.UPLOAD_LOG_TABLE),
}
const things = createThingStore(tables, environment.LEDGER_TABLE)
const claims = createClaimStore(tables, environment.LEDGER_TABLE)
const ledger = createCertificateLedger(tables, environment.LEDGER_TABLE)
const claiming = {
  claims,
  things,
  clock,
  random: randomBytes,
  apiUrl: environment.API_URL,
  rules: environment.REGISTRATION_RULES,
  catalog: { thingTypeNames: environment.THING_TYPES, thingGroupNames: environment.THING_GROUPS },
}

export const handler = createHttpHandler({
  [routeKey(routes.createClaim)]: async ({ json }) => ({
    status: 201,
    body: await createClaim(claiming, parseRequest(createClaimRequestSchema, json())),
  }),

  [routeKey(routes.listClaims)]: async ({ query }) => ({
    status: 200,
    body: await listClaims(claims, parseRequest(listClaimsQuerySchema, query), clock()),
  }),

  [routeKey(routes.revokeClaim)]: async ({ path }) => ({
    status: 200,
    body: await revokeClaim(claims, path.claimId ?? '', clock()),
  }),

  [routeKey(routes.listCertificates)]: async ({ query }) => ({
    status: 200,
    body: await listCertificates(ledger, parseRequest(listCertificatesQuerySchema, query)),
  }),

  [routeKey(routes.showCertificate)]: async ({ path }) => ({
    status: 200,
    body: certificateSchema.parse(await ledger.get(parseRequest(certificateIdSchema, path.certificateId))),
  }),

  [routeKey(routes.showThing)]: async ({ path }) => {
    const thing = await things.find(parseThingName(path.thing ?? ''))
    if (!thing) throw new Fault('NOT_FOUND', `there is no thing ${path.thing}`, { hint: 'see: thingdrop things list' })
    return { status: 200, body: thingSchema.parse(thing) }
  },

  [routeKey(routes.listUploads)]: async ({ query }) => ({
    status: 200,
    body: await listUploads(uploads, parseRequest(listUploadsQuerySchema, query), clock()),
  }),

  [routeKey(routes.listThings)]: async ({ query }) => {
    const { limit, cursor } = parseRequest(listThingsQuerySchema, query)
    const page = await things.list({ limit, after: parseCursor(cursor, thingNamePattern) })
    const body = { things: page.things.map((thing) => thingSchema.parse(thing)) }
    return { status: 200, body: page.next === undefined ? body : { ...body, cursor: formatCursor(page.next) } }
  },
})
