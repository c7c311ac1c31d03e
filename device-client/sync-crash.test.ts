import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleDevice } from '../build/bundle-device.ts'
import { runConcurrently } from './run-concurrently.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from './testing/certificates.ts'
import { createCrashingDevice } from './testing/crashing-device.ts'
import { createS3Sink, type ReceivedRequest } from './testing/s3.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { createUploadDevice } from './testing/upload-device.ts'

let authority: TestAuthority
let server: KeyAndCertificate
let command: Awaited<ReturnType<typeof createCrashingDevice>>
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
  command = await createCrashingDevice(new URL('./testing/crash-at-write.ts', import.meta.url), bundleDevice)
})
afterAll(() => command?.remove())

/** One that takes a request, and one in two parts. */
const contents = ['b'.repeat(16 * 1024 ** 2 + 1), '']

type Interfere = (request: ReceivedRequest, kill: () => void, count: number) => boolean | 'lose'

async function createSync(interfere: Interfere = () => false) {
  let kill = () => {}
  const sink = createS3Sink((request, _, count) => interfere(request, kill, count))
  const { dir, open } = await createUploadDevice(authority, server, sink.handle)
  const root = temporaryFolder()
  mkdirSync(join(root, 'sub'))
  for (const [index, content] of contents.entries())
    writeFileSync(join(root, index === 1 ? 'sub/1' : `${index}`), content)

  /** The real command as a process of its own; dies before its crashAt-th write. */
  function run(crashAt = 0) {
    const { child, ended } = command.start(['sync', root, '--delete-after', '--dir', dir], crashAt)
    kill = () => void child.kill('SIGKILL')
    return ended
  }

  /** Every file is there once, whole, and gone here. */
  async function expectRecovery(at: string): Promise<void> {
    const device = open()
    expect(await device.sync(root, { deleteAfter: true }), at).toMatchObject({ failed: 0 })
    device.close()
    expect([...sink.objects.values()].map(String).sort(), at).toEqual(contents.toSorted())
    expect(readdirSync(root, { recursive: true }), at).toEqual(['sub'])
    const parts = sink.requests.filter(({ query }) => query.has('partNumber')).length
    // Two at a time are under way when it dies; no other is sent again.
    expect(parts, at).toBeLessThanOrEqual(4)
  }
  return { sink, run, expectRecovery }
}

/** Every write dies with THINGDROP_EXHAUSTIVE; else every fifth, beginning with another each day. */
const step = process.env.THINGDROP_EXHAUSTIVE ? 1 : 5
const firstWrite = 1 + (Math.floor(Date.now() / 86_400_000) % step)

test(`every file is there once after a SIGKILL before any write (from ${firstWrite}, each ${step}.)`, {
  timeout: 240_000,
}, async () => {
  const ends: (number | null)[] = []
  await runConcurrently(
    Array.from({ length: 80 / step }, (_, index) => firstWrite + index * step),
    2,
    async (crashAt) => {
      if (ends.includes(0)) return
      const { run, expectRecovery } = await createSync()
      const { code, stderr } = await run(crashAt)
      ends.push(code)
      if (code !== 0) expect(code, stderr).toBeNull()
      await expectRecovery(`write ${crashAt}`)
    },
  )
  expect(ends.length).toBeGreaterThan(20 / step)
  expect(ends).toContain(0)
})

test.each(['before it is heard', 'before its answer is'])(
  'every file is there once after a SIGKILL at any request, %s',
  { timeout: 240_000 },
  async (moment) => {
    const { sink, run } = await createSync()
    expect((await run()).code).toBe(0)
    expect(sink.requests).toHaveLength(5)
    await runConcurrently(sink.requests.keys(), 2, async (index) => {
      let isKilled = false
      const { run: start, expectRecovery } = await createSync((_, kill, count) => {
        if (isKilled || count <= index) return false
        isKilled = true
        kill()
        return moment === 'before it is heard' ? true : 'lose'
      })
      expect((await start()).code).toBeNull()
      await expectRecovery(`request ${index + 1}`)
    })
  },
)

test('every file is there once after one SIGKILL after another', { timeout: 240_000 }, async () => {
  const { run, expectRecovery } = await createSync()
  for (let crashAt = 8, code: number | null = null; code !== 0; crashAt += 3) code = (await run(crashAt)).code
  await expectRecovery('the end')
})
