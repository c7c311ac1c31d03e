import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import {
  createClaimRequestSchema,
  listThingsQuerySchema,
  listUploadsQuerySchema,
  routeKey,
  routes,
  thingSchema,
} from '#contract/api.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler, parseRequest } from '../runtime/http-handler.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { createClaim } from './create-claim.ts'
import { formatCursor, parseCursor } from './cursor.ts'
import { listUploads } from './list-uploads.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  UPLOAD_LOG_TABLE: z.string().min(1),
  API_URL: z.url(),
})

const clock = () => new Date()
const tables = createTables()
const uploads = createUploadLog(tables, environment.UPLOAD_LOG_TABLE)
const things = createThingStore(tables, environment.LEDGER_TABLE)
const claims = createClaimStore(tables, environment.LEDGER_TABLE)
const claiming = { claims, things, clock, random: randomBytes, apiUrl: environment.API_URL }

export const handler = createHttpHandler({
  [routeKey(routes.createClaim)]: async ({ json }) => ({
    status: 201,
    body: await createClaim(claiming, parseRequest(createClaimRequestSchema, json())),
  }),

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
