import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseS3Event } from './parse-s3-event.ts'

const now = new Date('2026-05-01T12:00:00.000Z')
const certificateId = 'c'.repeat(64)

function record(
  changes: { key?: string; bucket?: string; eventName?: string; eventVersion?: string; principalId?: string } = {},
) {
  return {
    eventVersion: changes.eventVersion ?? '2.1',
    eventTime: '2026-05-01T11:59:58.123Z',
    eventName: changes.eventName ?? 'ObjectCreated:Put',
    userIdentity: { principalId: changes.principalId ?? `AWS:AROAEXAMPLE:${certificateId}` },
    requestParameters: { sourceIPAddress: '192.0.2.7' },
    s3: {
      bucket: { name: changes.bucket ?? 'uploads' },
      object: { key: changes.key ?? 'things/press-7/a.csv', size: 12, eTag: 'e', versionId: 'v', sequencer: '0A1B' },
    },
  }
}

const parse = (message: unknown) => parseS3Event(JSON.stringify(message), 'uploads', now)

test('a PUT becomes a row that names thing and certificate', () => {
  expect(parse({ Records: [record()] })).toEqual({
    faults: [],
    uploads: [
      {
        thingName: 'press-7',
        event: 'created',
        key: 'things/press-7/a.csv',
        versionId: 'v',
        sizeBytes: 12,
        etag: 'e',
        eventTime: '2026-05-01T11:59:58.123Z',
        loggedAt: now.toISOString(),
        sequencer: '0A1B',
        certificateId,
        sourceIp: '192.0.2.7',
      },
    ],
  })
})

test('every key comes out of its form encoding as it was', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (key) => {
      const encoded = new URLSearchParams({ key }).toString().slice('key='.length)
      expect(parse({ Records: [record({ key: encoded })] }).uploads[0]?.key).toBe(key)
    }),
  )
})

test('a removal and an operator’s object are rows too', () => {
  const { uploads } = parse({
    Records: [
      record({ eventName: 'ObjectRemoved:DeleteMarkerCreated' }),
      record({ key: 'notes+2026.txt', principalId: 'AWS:AIDAEXAMPLE' }),
    ],
  })
  expect(uploads[0]?.event).toBe('removed')
  expect(uploads[1]).toMatchObject({ key: 'notes 2026.txt', thingName: undefined, certificateId: undefined })
})

test('the test event holds nothing', () => {
  expect(parse({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'uploads' })).toEqual({ uploads: [], faults: [] })
})

test('a later minor version is read, another major version is a fault', () => {
  expect(parse({ Records: [record({ eventVersion: '2.9' })] }).uploads).toHaveLength(1)
  expect(parse({ Records: [record({ eventVersion: '3.0' })] }).faults).toHaveLength(1)
})

test.each([
  ['another bucket', record({ bucket: 'other' })],
  ['a key that cannot be decoded', record({ key: '%E0%A4%A' })],
  ['no object', { ...record(), s3: { bucket: { name: 'uploads' } } }],
  ['nothing', null],
])('a record with %s is a fault and its neighbour is logged', (_what, bad) => {
  const { uploads, faults } = parse({ Records: [bad, record()] })
  expect(uploads).toHaveLength(1)
  expect(faults).toEqual([expect.objectContaining({ code: 'EVENT_MALFORMED' })])
})

test.each(['', '{', '[]', '{"Records":{}}', '{"Event":"s3:Other"}', 'null'])('%j is no notification', (body) => {
  expect(() => parseS3Event(body, 'uploads', now)).toThrow(expect.objectContaining({ code: 'EVENT_MALFORMED' }))
})
