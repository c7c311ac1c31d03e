import { beforeAll, expect, test } from 'vitest'
import { type BadLink, startBadLink } from '../testing/bad-link.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { checkObjects } from '../testing/check-objects.ts'
import { createFates } from '../testing/draw-fates.ts'
import { createFaultyDevice, writeFiles } from '../testing/faulty-device.ts'
import { createHttpBodyFinder, createTlsBodyFinder } from '../testing/find-bodies.ts'
import { createLeapingRuntime } from '../testing/leaping-runtime.ts'
import { createRandom, seed } from '../testing/random.ts'
import { refuseDamaged } from '../testing/refuse-damaged.ts'
import { createS3Sink } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

const mebibyte = 1024 * 1024

/** Small ones, one that goes with a trailing checksum, and one in two parts. */
function writeTestFiles(root: string) {
  const small = Array.from({ length: 100 }, (_, index) => [`sub-${index % 7}/small-${index}.csv`, index * 97] as const)
  return writeFiles(root, { ...Object.fromEntries(small), 'middle.bin': 3 * mebibyte, 'large.bin': 16 * mebibyte + 1 })
}

async function createLinked(scheme: 'https' | 'http', fateOf = createFates(seed)) {
  const sink = createS3Sink()
  const { listener, refusals } = refuseDamaged(sink.handle)
  let link: BadLink | undefined
  const device = await createFaultyDevice({
    authority,
    server,
    s3: scheme === 'https' ? sink.handle : listener,
    scheme,
    link: async (port) => {
      link = await startBadLink(port, fateOf, scheme === 'https' ? createTlsBodyFinder : createHttpBodyFinder)
      return link.port
    },
    runtime: createLeapingRuntime(createRandom(seed)),
  })
  const told = () => `SEED=${seed} ${link?.connections()} connections, ${link?.cuts()} cut, ${link?.flips()} damaged`
  return { ...device, sink, refusals, link: () => link as BadLink, told }
}

test(`a sync gets through a TLS link that is cut, slow and changes bits, with each file once (SEED=${seed})`, async () => {
  const { dir, open, sink, link, told } = await createLinked('https')
  const root = temporaryFolder()
  const files = writeTestFiles(root)
  const device = open()
  expect(await device.sync(root), told()).toMatchObject({ sent: files.length, failed: 0 })
  device.close()
  checkObjects(files, sink, dir, told())
  expect(link().cuts(), told()).toBeGreaterThan(0)
  expect(link().flips(), told()).toBeGreaterThan(0)
})

test(`uploads get through a link without TLS that changes bits, as S3 finds each by its checksum (SEED=${seed})`, async () => {
  const { dir, open, sink, refusals, link, told } = await createLinked('http', createFates(seed, ['flip up']))
  const files = writeTestFiles(temporaryFolder())
  const device = open()
  const outcomes: string[] = []
  await device.uploadAll(
    files.map(({ path }) => path),
    (file) => outcomes.push(file.outcome === 'failed' ? file.error.message : file.outcome),
  )
  device.close()
  expect(new Set(outcomes), told()).toEqual(new Set(['sent']))
  checkObjects(files, sink, dir, told())
  expect(refusals.length, told()).toBe(link().flips())
  expect(new Set(refusals), told()).toEqual(new Set(['BadDigest', 'XAmzContentSHA256Mismatch']))
})
