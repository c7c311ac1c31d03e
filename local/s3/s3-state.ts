import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { openStore, type Store } from '#local/store.ts'
import { type BucketTable, openBuckets } from './bucket/bucket-table.ts'
import { createEventOutbox, type EventOutbox, type Notify } from './notification/event-outbox.ts'
import { type DataFiles, openDataFiles } from './storage/data-files.ts'
import { createGroupCommit } from './storage/group-commit.ts'
import { type ObjectIndex, openIndex } from './storage/open-index.ts'
import { openUploads, type UploadTable } from './storage/open-uploads.ts'

/** What every operation of S3 works on. */
export interface S3State {
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  /** Canonical user id of the account, which owns every bucket and object. */
  readonly ownerId: string
  readonly store: Store
  readonly files: DataFiles
  readonly index: ObjectIndex
  readonly uploads: UploadTable
  readonly buckets: BucketTable
  readonly outbox: EventOutbox
}

export interface S3StateOptions {
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
  readonly notify: Notify
  /** Told of queues that take no events. */
  readonly log?: (line: string) => void
}

export function openS3State({ folder, accountId, region, clock, notify, log = () => {} }: S3StateOptions): S3State {
  const store = openStore(join(folder, 's3.sqlite'))
  const files = openDataFiles(join(folder, 'data'))
  // Checkpoints sync to the disk: one for each 64 MiB that was written.
  store.database.exec('PRAGMA wal_autocheckpoint = 16384')
  const group = createGroupCommit(store, { beforeCommit: files.packs.flush, log })
  return {
    accountId,
    region,
    clock,
    ownerId: createHash('sha256').update(`canonical user of ${accountId}`).digest('hex'),
    store,
    files,
    index: openIndex(store, { files, group, clock }),
    uploads: openUploads(store),
    buckets: openBuckets(store),
    outbox: createEventOutbox(store, { group, notify, log }),
  }
}
