import { type CreateClaimRequest, createClaimRequestSchema } from '#contract/claims-api.ts'
import { OperatorError } from '../operator-error.ts'
import { createProgress } from '../output/progress.ts'
import { terminalSafe } from '../output/terminal-safe.ts'
import { parseRequest } from '../parse-request.ts'
import { claimsHeader, formatClaimRecord, openClaimsFile } from './claims-file.ts'
import type { CommandContext } from './command-context.ts'
import { countNames } from './count-names.ts'
import type { CreateClaimsOptions } from './create-claim-command.ts'
import { parseDuration } from './parse-duration.ts'
import { csvInvalid, type DeviceRow, faultsOf, findRepetitions, readDeviceTable } from './read-device-table.ts'
import { describeFailures, runBatch } from './run-batch.ts'

const jobs = 16
/** A throttled API gets a minute or two. */
const maxAttempts = 10

const columns = ['thing', 'type', 'group', 'ttl'] as const
const columnOf = { thingName: 'thing', thingTypeName: 'type', thingGroupName: 'group', ttlSeconds: 'ttl' }

/** Makes many claims, some at once. Every request is checked before the first is sent; what --out holds is not made again. */
export async function createClaims(options: CreateClaimsOptions, context: CommandContext): Promise<void> {
  const { stdout, stderr, clock, connect } = context
  const requests = options.from === undefined ? countRequests(options) : await readRequests(options.from, options)
  const operator = await connect({ ...options, maxAttempts })
  const sink = options.out === '-' ? await writeTo(stdout) : await openClaimsFile(options.out)
  try {
    const progress = createProgress({ total: requests.length, noun: 'claims', out: stderr, clock })
    const result = await runBatch(
      requests,
      async (request) => {
        if (sink.things.has(request.thingName)) return 'there'
        await sink.append(await operator.claims.create(request))
        return 'made'
      },
      { jobs, progress },
    )
    const place = options.out === '-' ? '' : `; ${options.out} holds them: keep it secret`
    await stderr.write(terminalSafe(`${result.made} claims made, ${result.there} were there${place}`).concat('\n'))
    if (result.made + result.there === requests.length) return
    throw new OperatorError('PARTLY_DONE', `${requests.length - result.made - result.there} claims were not made:`, {
      details: describeFailures(result, ({ thingName }) => thingName),
      hint: 'run the same command again: it goes on where it stopped',
    })
  } finally {
    await sink.close()
  }
}

type Sink = Awaited<ReturnType<typeof openClaimsFile>>

async function writeTo(out: CommandContext['stdout']): Promise<Sink> {
  await out.write(claimsHeader)
  return { things: new Set(), append: (claim) => out.write(formatClaimRecord(claim)), close: async () => {} }
}

function countRequests(options: CreateClaimsOptions): readonly CreateClaimRequest[] {
  const { thing = '', count = 1, first } = options
  return countNames(thing, count, first).map((name) =>
    parseRequest(createClaimRequestSchema, requestOf({ thingName: name }, options)),
  )
}

async function readRequests(path: string, options: CreateClaimsOptions): Promise<readonly CreateClaimRequest[]> {
  const { rows, faults: tableFaults } = await readDeviceTable(path, columns)
  const faults = [...tableFaults, ...findRepetitions(rows)]
  const requests: CreateClaimRequest[] = []
  for (const row of rows) {
    const ttlSeconds = secondsOf(row)
    const parsed = createClaimRequestSchema.safeParse(
      requestOf(
        {
          thingName: row.cells.thing ?? '',
          attributes: row.attributes,
          ...(row.cells.type && { thingTypeName: row.cells.type }),
          ...(row.cells.group && { thingGroupName: row.cells.group }),
          ...(ttlSeconds !== undefined && { ttlSeconds }),
        },
        options,
      ),
    )
    if (parsed.success) requests.push(parsed.data)
    else faults.push(...faultsOf(parsed.error, row.line, columnOf))
  }
  if (faults.length > 0) throw csvInvalid(path, faults)
  return requests
}

/** NaN, which the contract refuses, for what is no duration. */
function secondsOf({ cells: { ttl } }: DeviceRow<'ttl'>): number | undefined {
  if (ttl === undefined) return undefined
  try {
    return parseDuration(ttl)
  } catch {
    return Number.NaN
  }
}

/** What a row leaves open, the options say. */
function requestOf(row: CreateClaimRequest, options: CreateClaimsOptions): CreateClaimRequest {
  const { type, group, ttl, attribute, replace } = options
  return {
    ...(type !== undefined && { thingTypeName: type }),
    ...(group !== undefined && { thingGroupName: group }),
    ...(ttl !== undefined && { ttlSeconds: ttl }),
    ...(replace && { replace }),
    ...row,
    attributes: { ...attribute, ...row.attributes },
  }
}
