import { type CompressionFormat, compressionFormats } from '../objects/compression.ts'
import type { ObjectOptions } from '../objects/object-options.ts'
import type { Options, OptionValues } from './options.ts'
import { UsageError } from './usage-error.ts'

/** What files become at S3. */
export const objectOptions: Options = {
  metadata: {
    value: 'NAME=TEMPLATE',
    env: 'THINGDROP_METADATA',
    isRepeatable: true,
    help: 'metadata of each object, of {thing} {name} {path} {dir} {mtime} {size}; may be given again',
  },
  tag: {
    value: 'NAME=TEMPLATE',
    env: 'THINGDROP_TAG',
    isRepeatable: true,
    help: 'tag of each object, likewise; the installation must allow it (objectTags)',
  },
  compress: {
    value: 'FORMAT',
    env: 'THINGDROP_COMPRESS',
    choices: compressionFormats,
    help: 'gzip or zstd: compress files that are not yet, under a name with .gz or .zst',
  },
}

/** How files are sent, of every command that sends some. */
export const transferOptions: Options = {
  transfers: { value: 'N', env: 'THINGDROP_TRANSFERS', fallback: '16', least: 1, help: 'files sent at once' },
  bwlimit: {
    value: 'RATE',
    env: 'THINGDROP_BWLIMIT',
    help: 'bytes per second of all files together, as 512k; or a timetable, as "08:00,512k 18:00,off"',
  },
  via: {
    value: 'WAY',
    env: 'THINGDROP_VIA',
    fallback: 's3',
    choices: ['s3', 'url'],
    help: 's3: straight; url: by upload URLs of the API, for things that may not write to S3',
  },
  ...objectOptions,
}

/** Throws UsageError for what is no NAME=TEMPLATE, and for what does not go by URL. */
export function parseObjects(options: OptionValues): ObjectOptions {
  const metadata = parsePairs(options, 'metadata')
  const tags = parsePairs(options, 'tag')
  const compress = options.choice('compress') as CompressionFormat | undefined
  const hasPairs = Object.keys(metadata).length + Object.keys(tags).length > 0
  if (hasPairs && options.text('via') === 'url') throw new UsageError('--metadata and --tag need --via s3')
  return { metadata, tags, compress }
}

function parsePairs(options: OptionValues, name: string): Record<string, string> {
  const pairs = options.texts(name).map((text) => {
    const [, key, template] = /^([^=]+)=(.*)$/.exec(text) ?? []
    if (key === undefined || template === undefined) {
      throw new UsageError(`--${name} takes NAME=TEMPLATE, not ${JSON.stringify(text)}`)
    }
    return [key, template] as const
  })
  return Object.fromEntries(pairs)
}
