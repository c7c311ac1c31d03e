import { styleText } from 'node:util'
import type { Upload } from '#contract/upload-log-api.ts'
import { formatBytes } from '../../output/format-bytes.ts'
import { formatTime } from '../../output/format-time.ts'
import type { Listing } from '../../output/write-listing.ts'

const eventColours = {
  created: 'green',
  removed: 'gray',
  issued: 'cyan',
  expired: 'yellow',
  refused: 'red',
  aborted: 'gray',
} as const satisfies Record<Upload['event'], string>

/** Rows of the log as they are shown. */
export const uploadListing: Listing<Upload> = {
  noun: 'uploads',
  fields: [
    'eventTime',
    'thingName',
    'event',
    'key',
    'sizeBytes',
    'versionId',
    'etag',
    'certificateId',
    'sourceIp',
    'sequencer',
    'loggedAt',
    'uploadId',
    'expiresAt',
    'reason',
    'rebuilt',
  ],
  columns: [
    { heading: 'TIME', cell: ({ eventTime }) => formatTime(eventTime), isFixed: true },
    { heading: 'THING', cell: ({ thingName = '' }) => thingName },
    {
      heading: 'EVENT',
      cell: ({ event }) => event,
      isFixed: true,
      paint: (cell, { event }) => styleText(eventColours[event], cell, { validateStream: false }),
    },
    {
      heading: 'SIZE',
      cell: ({ sizeBytes }) => (sizeBytes === undefined ? '' : formatBytes(sizeBytes)),
      align: 'right',
      isFixed: true,
    },
    { heading: 'KEY', cell: ({ key }) => key },
  ],
}
