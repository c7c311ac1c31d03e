import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
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

/** A device that was switched on without a battery for its clock, and without a link. */
async function createOffline() {
  const link = { isUp: false }
  const sink = createS3Sink()
  const runtime = createLeapingRuntime(createRandom(seed))
  const startedMs = performance.now()
  const since1970 = { ...runtime, clock: () => new Date(performance.now() - startedMs) }
  const { dir, open } = await createFaultyDevice({
    authority,
    server,
    s3: sink.handle,
    runtime,
    interfere(response) {
      if (!link.isUp) response.socket?.destroy()
      return !link.isUp
    },
  })
  const drawn = () => {
    if (!existsSync(join(dir, 'journal.db'))) return []
    const journal = new DatabaseSync(join(dir, 'journal.db'))
    const keys = journal
      .prepare('SELECT key FROM uploads')
      .all()
      .map(({ key }) => String(key))
    journal.close()
    return keys
  }
  const root = temporaryFolder()
  const files = writeFiles(root, { 'a.csv': 10, 'b.csv': 20 })
  return { dir, device: open({ runtime: since1970 }), sink, link, root, files, drawn }
}

const today = () => new Date().toISOString().slice(0, 10)

test(`an agent that starts offline in 1970 keeps its files, and draws their keys when it knows the day (SEED=${seed})`, async () => {
  const { dir, device, sink, link, root, files, drawn } = await createOffline()
  const watch = [{ directory: root, settleSeconds: 0 }]
  const agent = await device.startAgent({ watch, mqtt: false, log() {}, retryBaseMs: 1 })
  onTestFinished(async () => void (await agent.stop()))
  const watched = () => agent.status().directories[0]
  await vi.waitFor(() => expect(agent.status().sending?.code).toBe('CERTIFICATE_NOT_YET_VALID'))
  await vi.waitFor(() => expect(watched()?.pendingFiles).toBe(2))
  expect(drawn()).toEqual([])
  link.isUp = true
  await vi.waitFor(() => expect(watched()?.sent).toBe(2), { timeout: 20_000 })
  await agent.stop()
  device.close()
  checkObjects(files, sink, dir)
  expect(drawn().map((key) => key.split('/')[2])).toEqual([today(), today()])
})

test.each(['sync', 'upload'] as const)(
  `%s offline in 1970 fails and draws no key of that day (SEED=${seed})`,
  async (way) => {
    const { dir, device, sink, link, root, files, drawn } = await createOffline()
    const send = async () => {
      if (way === 'sync') return void (await device.sync(root))
      for (const { path } of files) await device.upload(path)
    }
    await expect(send()).rejects.toMatchObject({
      code: 'CERTIFICATE_NOT_YET_VALID',
      hint: expect.stringContaining('clock'),
    })
    expect(drawn()).toEqual([])
    link.isUp = true
    await send()
    device.close()
    checkObjects(files, sink, dir)
    expect(drawn().map((key) => key.split('/')[2])).toEqual([today(), today()])
  },
)
