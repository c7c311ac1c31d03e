import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { createDevice, type FailedFile, type UploadedFile } from '../index.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { createS3Sink, s3Error } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createUploadDevice } from '../testing/upload-device.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

async function createSyncing(interfere?: Parameters<typeof createS3Sink>[0]) {
  const sink = createS3Sink(interfere)
  const uploading = await createUploadDevice(authority, server, sink.handle)
  const root = temporaryFolder()
  const write = (path: string, content = path) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  const stored = () => sink.requests.map(({ headers }) => decodeURIComponent(String(headers['x-amz-meta-path']))).sort()
  return { ...uploading, device: uploading.open(), sink, root, write, stored }
}

test('sends each file below once, under its name, with its path', async () => {
  const { device, open, sink, root, write, stored } = await createSyncing()
  const paths = ['a.csv', 'deep/er/größe 100% 🚀.txt', 'deep/a.csv', `${'n'.repeat(251)}.csv`, 'empty', ' -"\'\n&<']
  for (const path of paths) write(path, path === 'empty' ? '' : path)
  expect(await device.sync(root)).toMatchObject({ sent: 6, present: 0, failed: 0, skipped: 0 })
  expect(stored()).toEqual(paths.toSorted())
  const names = [...sink.objects.keys()].map((key) =>
    decodeURIComponent(key).slice('/files/things/press-7/'.length + 28),
  )
  expect(names.sort()).toEqual(paths.map((path) => path.slice(path.lastIndexOf('/') + 1)).sort())

  write('deep/a.csv', 'changed')
  const again = open()
  expect(await again.sync(root)).toMatchObject({ sent: 1, sentBytes: 7, present: 5 })
  expect(sink.objects.size).toBe(7)
  device.close()
  again.close()
})

test('skips links, pipes and its own folder, and refuses names that are not UTF-8', async () => {
  const { device, dir, root, write } = await createSyncing()
  write('a.csv')
  symlinkSync(join(root, 'a.csv'), join(root, 'link'))
  symlinkSync(root, join(root, 'loop'))
  execFileSync('sh', ['-c', 'mkfifo "$0/pipe" && printf x > "$0/$(printf "b\\377ad")"', root])
  const failed: FailedFile[] = []
  const skipped: string[] = []
  const summary = await device.sync(root, {
    onFile: (file) => file.outcome === 'failed' && failed.push(file),
    onSkip: ({ path, reason }) => skipped.push(`${path} ${reason}`),
  })
  expect(summary).toMatchObject({ sent: 1, skipped: 3, failed: 1 })
  expect(skipped.sort()).toEqual(['link link', 'loop link', 'pipe notRegular'])
  expect(failed[0]?.error).toMatchObject({ code: 'FILE_NAME_INVALID', message: expect.stringContaining('62ff6164') })

  const home = temporaryFolder()
  const nested = createDevice({ dir: join(home, '.thingdrop-device') })
  cpSync(dir, join(home, '.thingdrop-device'), { recursive: true })
  expect(await nested.sync(home)).toMatchObject({ sent: 0, present: 0, failed: 0 })
  nested.close()
  await expect(device.sync(dir)).rejects.toMatchObject({ code: 'DIRECTORY_UNUSABLE' })
  await expect(device.sync(join(root, 'none'))).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  device.close()
})

test('takes what the patterns and the age say', async () => {
  const { device, root, write, stored } = await createSyncing()
  for (const path of ['a.csv', 'a.tmp', 'logs/b.csv', 'logs/.hidden.csv', 'logs/old/c.csv', 'trash/d.csv', 'young.csv'])
    write(path)
  const now = Date.now() / 1000
  for (const path of ['a.csv', 'a.tmp', 'logs/b.csv', 'logs/.hidden.csv', 'logs/old/c.csv', 'trash/d.csv'])
    utimesSync(join(root, path), now, now - 3600)
  const planned: string[] = []
  const options = { include: ['*.csv'], exclude: ['trash', 'logs/old/**'], minAgeSeconds: 60 }
  const onFile = ({ path }: UploadedFile | FailedFile) => planned.push(path)
  expect(await device.sync(root, { ...options, dryRun: true, onFile })).toMatchObject({ sent: 2, skipped: 1 })
  expect(stored()).toEqual([])
  await device.sync(root, options)
  expect(stored()).toEqual(['a.csv', 'logs/b.csv'])
  expect(planned.sort()).toEqual(stored())
  device.close()
})

test('removes a file after S3 has it, and only as S3 has it', async () => {
  const { device, root, write, sink } = await createSyncing(({ content }) => {
    if (content.toString() === 'late') write('late', 'other')
    return false
  })
  write('a')
  write('late')
  expect(await device.sync(root, { deleteAfter: true })).toMatchObject({ sent: 2, deleted: 1 })
  expect(readdirSync(root)).toEqual(['late'])
  await device.sync(root)
  expect(await device.sync(root, { deleteAfter: true })).toMatchObject({ present: 1, deleted: 1 })
  expect([...sink.objects.values()].map(String).sort()).toEqual(['a', 'late', 'other'])
  device.close()
})

test('removes nothing that S3 refuses, and stops when S3 cannot be reached', async () => {
  let status = 400
  const { device, root, write, sink } = await createSyncing((_, response) => {
    response.writeHead(status).end(s3Error(status === 400 ? 'MetadataTooLarge' : 'SlowDown'))
    return true
  })
  for (let index = 0; index < 100; index++) write(String(index))
  expect(await device.sync(root, { deleteAfter: true })).toMatchObject({ sent: 0, failed: 100, deleted: 0 })
  expect(readdirSync(root)).toHaveLength(100)
  status = 503
  await expect(device.sync(root, { deleteAfter: true }, { timeoutMs: 0 })).rejects.toMatchObject({
    code: 'UPLOAD_UNAVAILABLE',
  })
  expect(sink.requests.length).toBeLessThan(120)
  expect(readdirSync(root)).toHaveLength(100)
  device.close()
})

test('runs once at a time for a directory', async () => {
  const release = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { device, open, root, write } = await createSyncing((_, response) => {
    begun.resolve()
    release.promise.then(() => response.writeHead(400).end(s3Error('Refused')))
    return true
  })
  write('a')
  write('sub/b')
  const other = open()
  const first = device.sync(root)
  await begun.promise
  await expect(other.sync(`${root}/sub/..`)).rejects.toMatchObject({ code: 'DIRECTORY_BUSY' })
  release.resolve()
  await first
  expect(await other.sync(root)).toMatchObject({ failed: 2 })
  expect(existsSync(join(root, 'a'))).toBe(true)
  device.close()
  other.close()
})
