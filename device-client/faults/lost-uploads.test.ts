import { existsSync, readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { hasProgram } from '../../test/has-program.ts'
import { openJournal } from '../journal/journal.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { createFaultyDevice, writeFiles } from '../testing/faulty-device.ts'
import { createLeapingRuntime } from '../testing/leaping-runtime.ts'
import { limitFileSize } from '../testing/limit-file-size.ts'
import { createRandom, seed } from '../testing/random.ts'
import { createS3Sink } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const testWithLimits = test.skipIf(!hasProgram('prlimit'))

testWithLimits('an upload that the journal cannot note is taken back at once (needs prlimit)', async () => {
  const sink = createS3Sink(({ query }) => {
    if (query.has('uploads')) limitFileSize(0)
    return false
  })
  const runtime = createLeapingRuntime(createRandom(seed))
  const { open } = await createFaultyDevice({ authority, server, s3: sink.handle, runtime })
  const root = temporaryFolder()
  writeFiles(root, { 'large.bin': 16 * 1024 ** 2 + 1 })
  const device = open()
  await expect(device.sync(root)).rejects.toMatchObject({ code: 'JOURNAL_UNUSABLE' })
  limitFileSize(undefined)
  expect(sink.uploads.size).toBe(0)
  device.close()
  expect(sink.objects.size).toBe(0)
})

test('an upload of a file that is gone is taken back when its entry is dropped', () => {
  const dir = temporaryFolder()
  let now = 0
  const journal = openJournal({ dir, bucket: 'files', keyPrefix: 'things/press-7/', clock: () => new Date(now) })
  const key = 'things/press-7/2026-01-01/0123456789abcdef-a.bin'
  const [entry] = journal.plan([{ path: '/a.bin', identity: '1' }], () => key)
  if (entry === undefined) throw new Error('nothing was planned')
  journal.begin(entry, { id: 'upload-1', partBytes: 1 })
  now = 100
  journal.prune(50, () => undefined)
  expect(journal.leftovers()).toMatchObject([{ multipartId: 'upload-1', key }])
  journal.close()
})

test.skipIf(!hasProgram('prlimit') || !existsSync('/proc/self/fd'))(
  'a journal that cannot be begun is not kept open (needs prlimit and /proc)',
  () => {
    const dir = temporaryFolder()
    const open = () => openJournal({ dir, bucket: 'files', keyPrefix: 'things/press-7/', clock: () => new Date() })
    limitFileSize(0)
    expect(open).toThrow(expect.objectContaining({ code: 'JOURNAL_UNUSABLE' }))
    limitFileSize(undefined)
    const opened = readdirSync('/proc/self/fd').flatMap((name) => {
      try {
        return [readlinkSync(join('/proc/self/fd', name))]
      } catch {
        return []
      }
    })
    expect(opened.filter((path) => path.startsWith(dir))).toEqual([])
    open().close()
  },
)
