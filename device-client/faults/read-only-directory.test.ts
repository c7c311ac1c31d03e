import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { SyncOptions } from '../sync/sync-directory.ts'
import { becomePlainUser } from '../testing/become-plain-user.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { checkObjects } from '../testing/check-objects.ts'
import { createFaultyDevice, writeFiles } from '../testing/faulty-device.ts'
import { createLeapingRuntime } from '../testing/leaping-runtime.ts'
import { createRandom, seed } from '../testing/random.ts'
import { createS3Sink } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

/** Files in a directory that nothing may be taken out of, and beside it. */
async function createReadOnly() {
  const sink = createS3Sink()
  const runtime = createLeapingRuntime(createRandom(seed))
  const { dir, open } = await createFaultyDevice({ authority, server, s3: sink.handle, runtime })
  const root = temporaryFolder()
  const files = writeFiles(root, { 'fixed/a.csv': 10, 'fixed/b.csv': 20, 'c.csv': 30, 'free/d.csv': 40 })
  const fixed = join(root, 'fixed')
  const moveTo = join(root, 'moved')
  mkdirSync(moveTo)
  becomePlainUser(dir, root)
  chmodSync(fixed, 0o555)
  onTestFinished(() => chmodSync(fixed, 0o755))
  const left = () => files.filter(({ path }) => existsSync(path)).map(({ path }) => path.slice(root.length + 1))
  const release = () => chmodSync(fixed, 0o755)
  return { dir, device: open(), sink, root, files, moveTo, left, release }
}

test.each(['deleteAfter', 'moveTo'] as const)(
  'a sync with %s sends what lies in a read-only directory once, tells of it, and goes on with the rest',
  async (way) => {
    const { dir, device, sink, root, files, moveTo, left, release } = await createReadOnly()
    const told: string[] = []
    const options: SyncOptions = {
      ...(way === 'moveTo' ? { moveTo } : { deleteAfter: true }),
      onFile: (file) => file.outcome === 'failed' && told.push(`${file.path} ${file.error.code} ${file.error.hint}`),
    }
    const taken = way === 'moveTo' ? 'moved' : 'deleted'
    const mend = expect.stringMatching(/^fixed\/[ab]\.csv DIRECTORY_UNUSABLE .*lets this user do it/)
    expect(await device.sync(root, options)).toMatchObject({ sent: 4, failed: 2, [taken]: 2 })
    expect(told).toEqual([mend, mend])
    expect(left()).toEqual(['fixed/a.csv', 'fixed/b.csv'])
    expect(await device.sync(root, options)).toMatchObject({ sent: 0, present: 2, failed: 2, [taken]: 0 })
    expect(sink.requests).toHaveLength(files.length)
    release()
    expect(await device.sync(root, options)).toMatchObject({ present: 2, failed: 0, [taken]: 2 })
    expect(left()).toEqual([])
    expect(readdirSync(moveTo, { recursive: true }).filter((name) => String(name).endsWith('.csv'))).toHaveLength(
      way === 'moveTo' ? 4 : 0,
    )
    device.close()
    checkObjects(files, sink, dir)
  },
)

test.each(['deleteAfter', 'moveTo'] as const)(
  'an agent with %s sends what lies in a read-only directory once, however often it looks, and tells of it once',
  async (way) => {
    const { dir, device, sink, root, files, moveTo, left } = await createReadOnly()
    const errors: string[] = []
    const after = way === 'moveTo' ? { moveTo } : { deleteAfter: true }
    const agent = await device.startAgent({
      watch: [{ directory: root, settleSeconds: 0, rescanSeconds: 0.01, ...after }],
      mqtt: false,
      log: (level, message) => void (level === 'error' && errors.push(message)),
      retryBaseMs: 1,
    })
    onTestFinished(async () => void (await agent.stop()))
    const status = () => agent.status().directories[0]
    const scans = new Set<string | undefined>()
    await vi.waitFor(
      () => {
        scans.add(status()?.lastScanAt)
        expect(status()).toMatchObject({ sent: 4, failed: 2, pendingFiles: 0 })
        expect(scans.size).toBeGreaterThan(5)
      },
      { timeout: 20_000, interval: 5 },
    )
    expect(status()?.failures).toMatchObject([{ code: 'DIRECTORY_UNUSABLE' }, { code: 'DIRECTORY_UNUSABLE' }])
    expect(status()?.trouble).toBeUndefined()
    expect(errors).toHaveLength(2)
    expect(left()).toEqual(['fixed/a.csv', 'fixed/b.csv'])
    expect(sink.requests).toHaveLength(files.length)
    await agent.stop()
    device.close()
    checkObjects(files, sink, dir)
  },
)
