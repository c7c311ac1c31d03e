import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { Fault } from '#contract/fault.ts'
import { isTaken } from './conditional-write.ts'

export interface UploadLimits {
  /** How many uploads of a thing may be open at once. */
  readonly maxOpen: number
  /** How many bytes a thing may announce in a UTC day. */
  readonly maxBytesPerDay: number
}

/** An upload that is about to be issued. ISO time. */
interface Wanted {
  readonly thingName: string
  readonly uploadId: string
  readonly sizeBytes: number
  readonly expiresAt: string
}

/** One item a thing: the bytes of a day, and when each open upload expires. */
interface Quota {
  readonly day: string
  readonly dayBytes: number
  readonly open: Readonly<Record<string, string>>
}

/** Each try but the first follows on a change of another request, or on one that this made. */
const maxAttempts = 6

/**
 * What each thing has of its limits, in the upload log's table. Taking is one conditional write when nothing is in the
 * way. An upload whose end was lost counts until it would have expired.
 */
export function createUploadQuotas(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (thingName: string) => ({ thing: thingName, position: 'quota' })
  const names = { '#day': 'day', '#dayBytes': 'dayBytes', '#open': 'open' }

  function tryToTake(
    { thingName, uploadId, sizeBytes, expiresAt }: Wanted,
    limits: UploadLimits,
    day: string,
  ): Promise<boolean> {
    return isTaken(
      tables.send(
        new UpdateCommand({
          TableName: tableName,
          Key: keyOf(thingName),
          UpdateExpression: 'SET #open.#id = :expiresAt ADD #dayBytes :size',
          ConditionExpression:
            '#day = :day AND #dayBytes <= :room AND size(#open) < :maxOpen AND attribute_not_exists(#open.#id)',
          ExpressionAttributeNames: { ...names, '#id': uploadId },
          ExpressionAttributeValues: {
            ':day': day,
            ':size': sizeBytes,
            ':room': limits.maxBytesPerDay - sizeBytes,
            ':maxOpen': limits.maxOpen,
            ':expiresAt': expiresAt,
          },
        }),
      ),
    )
  }

  /** Begins a day, unless another request did. */
  async function beginDay(thingName: string, day: string, quota: Quota | undefined): Promise<void> {
    const Key = keyOf(thingName)
    const begun =
      quota === undefined
        ? tables.send(
            new PutCommand({
              TableName: tableName,
              Item: { ...Key, day, dayBytes: 0, open: {} },
              ConditionExpression: 'attribute_not_exists(thing)',
            }),
          )
        : tables.send(
            new UpdateCommand({
              TableName: tableName,
              Key,
              UpdateExpression: 'SET #day = :day, #dayBytes = :none',
              ConditionExpression: '#day = :before',
              ExpressionAttributeNames: { '#day': 'day', '#dayBytes': 'dayBytes' },
              ExpressionAttributeValues: { ':day': day, ':none': 0, ':before': quota.day },
            }),
          )
    await isTaken(begun)
  }

  async function close(thingName: string, uploadIds: readonly string[]): Promise<void> {
    if (uploadIds.length === 0) return
    const entries = uploadIds.map((_, index) => `#open.#id${index}`)
    await isTaken(
      tables.send(
        new UpdateCommand({
          TableName: tableName,
          Key: keyOf(thingName),
          UpdateExpression: `REMOVE ${entries.join(', ')}`,
          // A path into an item that is not there is an error.
          ConditionExpression: 'attribute_exists(#open)',
          ExpressionAttributeNames: {
            '#open': 'open',
            ...Object.fromEntries(uploadIds.map((uploadId, index) => [`#id${index}`, uploadId])),
          },
        }),
      ),
    )
  }

  async function find(thingName: string): Promise<Quota | undefined> {
    const { Item } = await tables.send(
      new GetCommand({ TableName: tableName, Key: keyOf(thingName), ConsistentRead: true }),
    )
    return Item as Quota | undefined
  }

  return {
    /** Takes room for an upload. False when the upload has it already. Throws UPLOAD_LIMIT. */
    async take(wanted: Wanted, limits: UploadLimits, now: Date): Promise<boolean> {
      const { thingName, uploadId, sizeBytes } = wanted
      let day = dayOf(now)
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        if (await tryToTake(wanted, limits, day)) return true
        const quota = await find(thingName)
        if ((quota?.open[uploadId] ?? '') > now.toISOString()) return false
        if (quota === undefined || quota.day < day) {
          await beginDay(thingName, day, quota)
          continue
        }
        // Another function's clock is ahead, and there it is tomorrow.
        if (quota.day > day) {
          day = quota.day
          continue
        }
        const lapsed = Object.keys(quota.open).filter((id) => (quota.open[id] ?? '') <= now.toISOString())
        if (lapsed.length > 0) await close(thingName, lapsed)
        else if (Object.keys(quota.open).length >= limits.maxOpen) throw tooManyOpen(quota, limits, now)
        else if (quota.dayBytes + sizeBytes > limits.maxBytesPerDay) throw tooManyBytes(quota, limits, now)
      }
      throw new Error(`the quota of ${thingName} changed at each of ${maxAttempts} attempts`)
    },

    /** Takes back what `take` did for an upload that is not issued after all. */
    async giveBack({ thingName, uploadId, sizeBytes }: Wanted, now: Date): Promise<void> {
      await isTaken(
        tables.send(
          new UpdateCommand({
            TableName: tableName,
            Key: keyOf(thingName),
            UpdateExpression: 'REMOVE #open.#id ADD #dayBytes :back',
            ConditionExpression: '#day = :day AND attribute_exists(#open.#id)',
            ExpressionAttributeNames: { ...names, '#id': uploadId },
            ExpressionAttributeValues: { ':day': dayOf(now), ':back': -sizeBytes },
          }),
        ),
      )
    },

    /** Gives back the place of an upload that ended; its bytes stay counted. */
    close: (thingName: string, uploadId: string): Promise<void> => close(thingName, [uploadId]),
  }
}

export type UploadQuotas = ReturnType<typeof createUploadQuotas>

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 'YYYY-MM-DD'.length)
}

function tooManyOpen({ open }: Quota, { maxOpen }: UploadLimits, now: Date): Fault {
  const earliest = Object.values(open).sort()[0] ?? now.toISOString()
  return new Fault('UPLOAD_LIMIT', `the thing has ${maxOpen} open uploads, and may not have more`, {
    hint: 'send what was begun, or give it up; what is not sent expires',
    retryAfterSeconds: secondsUntil(Date.parse(earliest), now),
  })
}

function tooManyBytes({ day, dayBytes }: Quota, { maxBytesPerDay }: UploadLimits, now: Date): Fault {
  const left = Math.max(maxBytesPerDay - dayBytes, 0)
  return new Fault('UPLOAD_LIMIT', `of the ${maxBytesPerDay} bytes that the thing may send today, ${left} are left`, {
    hint: 'try again tomorrow (UTC), or ask the operator for a higher limit',
    retryAfterSeconds: secondsUntil(Date.parse(day) + 86_400_000, now),
  })
}

function secondsUntil(timeMs: number, now: Date): number {
  return Math.max(1, Math.ceil((timeMs - now.getTime()) / 1000))
}
