import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { hasProgram } from '../../test/has-program.ts'
import type { SyncOptions } from '../sync/sync-directory.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { checkObjects } from '../testing/check-objects.ts'
import { createFaultyDevice, writeFiles } from '../testing/faulty-device.ts'
import { createLeapingRuntime } from '../testing/leaping-runtime.ts'
import { limitFileSize } from '../testing/limit-file-size.ts'
import { canMount, openSmallDisk } from '../testing/open-small-disk.ts'
import { createRandom, seed } from '../testing/random.ts'
import { createS3Sink } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const unusable = { code: 'JOURNAL_UNUSABLE', hint: expect.stringContaining('check the disk') }

async function createDeviceWithFiles(largeBytes = 16 * 1024 ** 2 + 1) {
  const sink = createS3Sink()
  const runtime = createLeapingRuntime(createRandom(seed))
  const { dir, open } = await createFaultyDevice({ authority, server, s3: sink.handle, runtime })
  const root = temporaryFolder()
  const small = Array.from({ length: 40 }, (_, index) => [`small-${index}.csv`, index * 31] as const)
  const files = writeFiles(root, { ...Object.fromEntries(small), 'large.bin': largeBytes })
  return { dir, open, sink, root, files }
}

const testWithLimits = test.skipIf(!hasProgram('prlimit'))

/** Room for nothing, for what SQLite begins with, and for more and more of the journal. */
const random = createRandom(seed)
const rooms = [0, 4096, ...Array.from({ length: 3 }, (_, index) => 4096 * Math.floor((index + random()) * 16))]

testWithLimits.each(rooms)(
  `a sync on a disk with room for %d bytes of the journal loses nothing, and goes on when there is more (needs prlimit, SEED=${seed})`,
  async (bytes) => {
    // With room for nothing, nothing is sent that could be large.
    const { dir, open, sink, root, files } = await createDeviceWithFiles(bytes <= 4096 ? 1 : undefined)
    const device = open()
    limitFileSize(bytes)
    const first = device.sync(root, { deleteAfter: true })
    if (bytes <= 4096) await expect(first).rejects.toMatchObject(unusable)
    else await first.catch((error: unknown) => expect(error).toMatchObject(unusable))
    limitFileSize(undefined)
    expect(await device.sync(root, { deleteAfter: true })).toMatchObject({ failed: 0 })
    device.close()
    checkObjects(files, sink, dir)
  },
)

testWithLimits(
  'what finds no room to be compressed fails alone, and is sent when there is (needs prlimit)',
  async () => {
    const { dir, open, sink } = await createDeviceWithFiles(1)
    const root = temporaryFolder()
    const files = writeFiles(root, { 'large.log': 9 * 1024 ** 2, 'a.log': 10, 'b.log': 20 })
    const device = open({ objects: { compress: 'gzip' } })
    const told: string[] = []
    const onFile: SyncOptions['onFile'] = (file) => {
      if (file.outcome === 'failed') told.push(`${file.path} ${file.error.code} ${file.error.hint}`)
    }
    limitFileSize(1024 ** 2)
    expect(await device.sync(root, { deleteAfter: true, onFile })).toMatchObject({ sent: 2, failed: 1, deleted: 2 })
    limitFileSize(undefined)
    expect(told).toEqual([expect.stringMatching(/^large\.log COMPRESSION_FAILED make room/)])
    expect(await device.sync(root, { deleteAfter: true, onFile })).toMatchObject({ sent: 1, failed: 0, deleted: 1 })
    device.close()
    const objects = new Map(
      [...sink.objects].map(([path, content]) => [path.replace(/\.gz$/, ''), gunzipSync(content)]),
    )
    checkObjects(files, { objects, uploads: sink.uploads }, dir)
    expect(readdirSync(join(dir, 'compressed'))).toEqual([])
  },
)

testWithLimits(
  `an agent says that the disk is full, keeps its files, and sends them when there is room (needs prlimit, SEED=${seed})`,
  async () => {
    const { dir, open, sink, root, files } = await createDeviceWithFiles(1)
    const device = open()
    const watched = temporaryFolder()
    const lines: string[] = []
    const agent = await device.startAgent({
      watch: [{ directory: watched, settleSeconds: 0, rescanSeconds: 0.02, deleteAfter: true }],
      mqtt: false,
      retryBaseMs: 1,
      log: (level, message) => void (level === 'error' && lines.push(message)),
    })
    onTestFinished(async () => void (await agent.stop()))
    const status = () => agent.status().directories[0]
    limitFileSize(0)
    mkdirSync(join(watched, 'in'))
    for (const { path } of files) renameSync(path, join(watched, 'in', path.slice(root.length + 1)))
    await vi.waitFor(() => expect(status()?.trouble).toMatchObject(unusable), { timeout: 20_000, interval: 1 })
    expect(lines).toHaveLength(1)
    expect(status()).toMatchObject({ sent: 0, trouble: unusable })
    expect(sink.objects.size).toBe(0)
    limitFileSize(undefined)
    await vi.waitFor(() => expect(status()).toMatchObject({ pendingFiles: 0, sent: files.length }), { timeout: 20_000 })
    await vi.waitFor(() => expect(status()?.trouble).toBeUndefined())
    await agent.stop()
    device.close()
    checkObjects(files, sink, dir)
  },
)

/** What SQLite and the agent's folder begin with takes a dozen pages. */
const pages = Math.floor(random() * 24)

test.skipIf(!canMount)(
  `the commands say that the file system is full, and go on when there is room (${pages} pages; needs unshare and mount, SEED=${seed})`,
  async () => {
    const { dir, sink, root, files } = await createDeviceWithFiles(1)
    const disk = await openSmallDisk(512)
    await disk.run(`cp -r ${dir}/. ${disk.folder}`)
    const cache = temporaryFolder()
    const command = (words: string) =>
      `THINGDROP_RETRY_BASE_MS=1 NODE_COMPILE_CACHE=${cache} HOME=${cache} node ${join(import.meta.dirname, '../cli.ts')} ${words} --dir ${disk.folder}`

    await disk.fill(0)
    const full = await disk.run(command(`sync ${root}`))
    expect(full).toEqual({ code: 1, output: expect.stringMatching(/JOURNAL_UNUSABLE .*full[\s\S]*check the disk/) })
    expect(sink.objects.size).toBe(0)
    await disk.fill(pages)
    const tight = await disk.run(command(`sync ${root}`))
    if (tight.code !== 0) expect(tight.output).toMatch(/JOURNAL_UNUSABLE .*(?:full|I\/O error)[\s\S]*check the disk/)
    await disk.free()
    expect(await disk.run(command(`sync ${root}`))).toMatchObject({ code: 0 })

    // The agent has its journal open when the file system fills up.
    const watched = temporaryFolder()
    const log = join(temporaryFolder(), 'log')
    const told = () => readFileSync(log, 'utf8')
    await disk.run(`${command(`run ${watched} --no-mqtt --settle 0 --rescan 1`)} > ${log} 2>&1 & agent=$!`)
    await vi.waitFor(() => expect(told()).toMatch(/watch|running|started/i), { timeout: 20_000 })
    await disk.fill(0)
    const later = writeFiles(watched, { 'later-1.csv': 100, 'later-2.csv': 200 })
    await vi.waitFor(() => expect(told()).toMatch(/JOURNAL_UNUSABLE .*full/), { timeout: 20_000 })
    expect(sink.objects.size).toBe(files.length)
    await disk.free()
    await vi.waitFor(() => expect(sink.objects.size).toBe(files.length + later.length), { timeout: 20_000 })
    await disk.run('kill -TERM $agent; wait $agent')
    await disk.run(`rm -f ${disk.folder}/*.sock; cp ${disk.folder}/journal.db* ${dir}`)
    checkObjects([...files, ...later], sink, dir, told())
  },
)
