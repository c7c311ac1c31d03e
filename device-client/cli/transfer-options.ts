import type { Options } from './options.ts'

/** How files are sent, of every command that sends some. */
export const transferOptions: Options = {
  transfers: { value: 'N', env: 'THINGDROP_TRANSFERS', fallback: '8', least: 1, help: 'files sent at once' },
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
}
