import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { openS3State, type S3State } from '../s3-state.ts'
import { readPieces } from './read-pieces.ts'
import { receiveContent } from './receive-content.ts'

const folder = mkdtempSync(join(tmpdir(), 's3-files-'))
const open = () =>
  openS3State({ folder, accountId: '000000000000', region: 'us-east-1', clock: () => new Date(), notify() {} })
const dataFiles = () => readdirSync(join(folder, 'data'))
let s3: S3State = open()

async function close(): Promise<void> {
  await s3.outbox.close()
  await s3.files.close()
  s3.store.close()
}
afterAll(async () => {
  await close()
  rmSync(folder, { recursive: true })
})

async function* chunks(...sizes: number[]) {
  for (const [index, size] of sizes.entries()) yield Buffer.alloc(size, index + 1)
}

async function add(...sizes: number[]) {
  const content = await receiveContent(s3.files, chunks(...sizes), { algorithms: ['SHA256'], maxBytes: 2 ** 30 })
  const location = await s3.index.commit((writer) => writer.addData(content))
  return { ...location, size: content.size }
}

const remove = (...pieces: Awaited<ReturnType<typeof add>>[]) =>
  s3.index.commit((writer) => {
    for (const piece of pieces) writer.removeData(piece)
  })

test('small data shares files, which go when nothing in them is left', async () => {
  const pieces = await Promise.all(Array.from({ length: 264 }, () => add(64 * 1024)))
  const [full = [], filling = []] = Map.groupBy(pieces, ({ file }) => file).values()
  expect([full.length, filling.length]).toEqual([256, 8])
  expect(readPieces(s3.files, filling, 7 * 65_536, 8 * 65_536)).toEqual(Buffer.alloc(65_536, 1))
  await remove(...full.slice(1))
  expect(dataFiles()).toHaveLength(2)
  await remove(...full.slice(0, 1))
  await vi.waitFor(() => expect(dataFiles()).toHaveLength(1))
  await remove(...filling)
  await close()
  s3 = open()
  expect(dataFiles()).toEqual([])
})

test('large data has a file of its own, and is hashed as it comes', async () => {
  const sizes = [40_000, 300_000, 7, 600_000]
  const content = await receiveContent(s3.files, chunks(...sizes), { algorithms: ['CRC32'], maxBytes: 2 ** 30 })
  const expected = await receiveContent(s3.files, chunks(...sizes), {
    algorithms: ['CRC32'],
    maxBytes: 2 ** 30,
    inlineBytes: 2 ** 30,
  })
  expect({ ...content, place: expected.place }).toEqual(expected)
  const location = await s3.index.commit((writer) => writer.addData(content))
  expect(dataFiles()).toEqual([location.file])
  await remove({ ...location, size: content.size })
  await vi.waitFor(() => expect(dataFiles()).toEqual([]))
})

test.each<[string, () => Promise<unknown>]>([
  ['that breaks off', () => receiveContent(s3.files, breakOff(), { algorithms: [], maxBytes: 2 ** 30 })],
  ['that is too long', () => receiveContent(s3.files, chunks(90_000, 90_000), { algorithms: [], maxBytes: 100_000 })],
  [
    'that is too short',
    () => receiveContent(s3.files, chunks(90_000), { algorithms: [], maxBytes: 2 ** 30, expectedBytes: 90_001 }),
  ],
])('of data %s nothing is left', async (_, receive) => {
  await expect(receive()).rejects.toThrow()
  expect(dataFiles()).toEqual([])
})

async function* breakOff() {
  yield Buffer.alloc(90_000)
  throw new Error('the client has gone')
}

test('a change that fails leaves nothing behind, and does not hinder those that come with it', async () => {
  const failing = s3.index.commit((writer) => {
    writer.addData({ size: 1, md5: Buffer.alloc(16), checksums: {}, place: { bytes: Buffer.of(1) } })
    throw new Error('refused')
  })
  const [failed, added] = await Promise.allSettled([failing, add(10)])
  expect(failed.status).toBe('rejected')
  expect(added).toMatchObject({ status: 'fulfilled', value: { size: 10 } })
  if (added.status === 'fulfilled') expect(readPieces(s3.files, [added.value], 0, 10)).toEqual(Buffer.alloc(10, 1))
})
