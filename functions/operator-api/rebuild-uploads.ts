import type { S3Client } from '@aws-sdk/client-s3'
import { z } from 'zod'
import { parseObjectKey, thingOfKey } from '#contract/object-key.ts'
import type { RebuildUploadsResponse, rebuildUploadsRequestSchema, UploadDifference } from '#contract/upload-log-api.ts'
import { formatCursor, parseJsonCursor } from '../runtime/cursor.ts'
import type { ThingStore } from '../stores/thing-store.ts'
import type { UploadLog } from '../stores/upload-log.ts'
import type { RebuiltUpload, UploadRow } from '../stores/upload-row.ts'
import type { UploadStore } from '../stores/upload-store.ts'
import { type ListedVersion, listVersions } from './bucket-versions.ts'

export interface Rebuilding {
  readonly s3: S3Client
  readonly bucket: string
  readonly log: UploadLog
  readonly issued: UploadStore
  readonly things: ThingStore
  readonly clock: () => Date
}

const placeSchema = z.tuple([z.string().min(1), z.string()])

/** Keys whose rows are read at once. */
const keysAtOnce = 25

/**
 * Compares a page of the bucket's listing with the log. What it writes is keyed by the listing alone, so a page that is done
 * twice is done once, and a page that died half way is done by doing it again.
 */
export async function rebuildUploads(
  rebuilding: Rebuilding,
  { write, limit, minAgeSeconds, cursor }: z.infer<typeof rebuildUploadsRequestSchema>,
): Promise<RebuildUploadsResponse> {
  const { s3, bucket, log, clock } = rebuilding
  const now = clock()
  const until = new Date(now.getTime() - minAgeSeconds * 1000)
  const { versions, next } = await listVersions(s3, bucket, { after: parseJsonCursor(cursor, placeSchema), limit })
  const settled = versions.filter(({ lastModified }) => lastModified <= until)
  const found = await compareAll(log, settled)
  const changed = write ? await mend(rebuilding, found, now) : 0
  const answer = { compared: settled.length, differences: found.map(describeDifference), changed }
  return next === undefined ? answer : { ...answer, cursor: formatCursor(JSON.stringify(next)) }
}

interface Difference {
  readonly kind: UploadDifference['kind']
  readonly version: ListedVersion
  readonly row?: UploadRow
}

async function compareAll(log: UploadLog, versions: readonly ListedVersion[]): Promise<Difference[]> {
  const ofKeys = [...Map.groupBy(versions, ({ key }) => key)]
  const found: Difference[] = []
  for (let start = 0; start < ofKeys.length; start += keysAtOnce) {
    const batch = ofKeys.slice(start, start + keysAtOnce)
    const differences = await Promise.all(
      batch.map(async ([key, ofKey]) => {
        const rows = await log.readKey(key, parseObjectKey(key)?.uploadId)
        return ofKey.flatMap((version) => compareVersion(version, rows))
      }),
    )
    found.push(...differences.flat())
  }
  return found
}

function compareVersion(version: ListedVersion, rows: readonly UploadRow[]): Difference[] {
  const own = rows.filter((row) => row.event === version.event && row.versionId === version.versionId)
  const [told] = own.filter((row) => !('rebuilt' in row))
  const made = own.filter((row) => 'rebuilt' in row)
  const row = told ?? made[0]
  if (!row) return [{ kind: 'missing', version }]
  const isEqual = version.event === 'removed' || (row.sizeBytes === version.sizeBytes && row.etag === version.etag)
  return [
    ...(isEqual ? [] : [{ kind: 'unequal' as const, version, row }]),
    ...(told ? made.map((superfluous) => ({ kind: 'superfluous' as const, version, row: superfluous })) : []),
  ]
}

async function mend(
  { log, issued, things }: Rebuilding,
  differences: readonly Difference[],
  now: Date,
): Promise<number> {
  const missing = differences.filter(({ kind }) => kind === 'missing').map(({ version }) => toRebuilt(version, now))
  const superfluous = differences.flatMap(({ kind, row }) => (kind === 'superfluous' && row ? [row] : []))
  await log.write(missing)
  await log.deleteRebuilt(superfluous)
  for (const { event, thingName, uploadId, etag, eventTime } of missing) {
    if (event === 'removed' || thingName === undefined) continue
    await things.noteUpload(thingName, eventTime)
    if (uploadId !== undefined) await issued.arriveIfIssued({ thingName, uploadId, etag, arrivedAt: eventTime })
  }
  return missing.length + superfluous.length
}

function toRebuilt({ event, key, versionId, sizeBytes, etag, lastModified }: ListedVersion, now: Date): RebuiltUpload {
  return {
    thingName: thingOfKey(key),
    event,
    key,
    versionId,
    sizeBytes,
    etag,
    eventTime: lastModified.toISOString(),
    loggedAt: now.toISOString(),
    uploadId: parseObjectKey(key)?.uploadId,
    rebuilt: true,
  }
}

function describeDifference({ kind, version, row }: Difference): UploadDifference {
  const { event, key, versionId, sizeBytes, etag, lastModified } = version
  const logged = row && { sizeBytes: row.sizeBytes, etag: row.etag, eventTime: row.eventTime }
  return { kind, event, key, versionId, sizeBytes, etag, lastModified: lastModified.toISOString(), row: logged }
}
