import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleDevice } from '../../build/bundle-device.ts'
import { runConcurrently } from '../run-concurrently.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { checkObjects } from '../testing/check-objects.ts'
import { createCrashingDevice } from '../testing/crashing-device.ts'
import { createFaultyDevice, writeFiles } from '../testing/faulty-device.ts'
import { createLeapingRuntime } from '../testing/leaping-runtime.ts'
import { createRandom, seed } from '../testing/random.ts'
import { createS3Sink } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
let command: Awaited<ReturnType<typeof createCrashingDevice>>
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
  command = await createCrashingDevice(new URL('../testing/crash-at-write.ts', import.meta.url), bundleDevice)
})
afterAll(() => command?.remove())

/** Every write, removal and move dies with THINGDROP_EXHAUSTIVE; else every eighth, beginning with another by the seed. */
const step = process.env.THINGDROP_EXHAUSTIVE ? 1 : 8
const firstWrite = 1 + (seed % step)

const decompress = (path: string, content: Buffer) =>
  path.endsWith('.zst') ? ([path.slice(0, -4), zstdDecompressSync(content)] as const) : ([path, content] as const)

test.each([
  ['--move-to', { 'a.csv': 10, 'sub/b.csv': 0, 'sub/deep/c.csv': 3000 }],
  ['--compress', { 'small.csv': 5000, 'sub/large.csv': 16 * 1024 ** 2 + 1 }],
] as const)(
  `a sync with %s leaves each file once, there and here, after a SIGKILL (from ${firstWrite}, each ${step}.; SEED=${seed})`,
  { timeout: 240_000 },
  async (way, sizes) => {
    const ends: (number | null)[] = []
    await runConcurrently(
      Array.from({ length: Math.ceil(80 / step) }, (_, index) => firstWrite + index * step),
      2,
      async (crashAt) => {
        if (ends.includes(0)) return
        const at = `write ${crashAt}`
        const sink = createS3Sink()
        const runtime = createLeapingRuntime(createRandom(seed))
        const { dir, open } = await createFaultyDevice({ authority, server, s3: sink.handle, runtime })
        const root = temporaryFolder()
        const files = writeFiles(root, sizes)
        const moveTo = join(root, 'sent')
        const after = way === '--move-to' ? ['--move-to', moveTo] : ['--delete-after', '--compress', 'zstd']
        const { code, stderr } = await command.start(['sync', root, ...after, '--dir', dir], crashAt).ended
        ends.push(code)
        if (code !== 0) expect(code, stderr).toBeNull()

        const device = open(way === '--compress' ? { objects: { compress: 'zstd' } } : {})
        const options = way === '--move-to' ? { moveTo } : { deleteAfter: true }
        expect(await device.sync(root, options), at).toMatchObject({ failed: 0 })
        device.close()
        // The id of an upload that S3 began died with the process: it is S3's to remove.
        expect(sink.uploads.size, at).toBeLessThanOrEqual(1)
        const objects = new Map([...sink.objects].map(([path, content]) => decompress(path, content)))
        checkObjects(files, { objects, uploads: new Map() }, dir, at)
        const left = readdirSync(root, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
        expect(left, at).toHaveLength(way === '--move-to' ? files.length : 0)
        if (way === '--compress') return
        for (const { path, content } of files) {
          expect(readFileSync(join(moveTo, path.slice(root.length))).equals(content), at).toBe(true)
        }
      },
    )
    expect(ends.length).toBeGreaterThan(1)
    expect(ends).toContain(0)
    expect(ends).toContain(null)
  },
)
