import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { createDevice } from '../device.ts'
import { createTestAuthority, type KeyAndCertificate, type TestAuthority } from '../testing/certificates.ts'
import { createHastyRuntime } from '../testing/enrolled-device.ts'
import { createS3Sink, s3Error } from '../testing/s3.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { createUploadDevice } from '../testing/upload-device.ts'
import type { Agent, AgentSettings } from './agent.ts'
import type { WatchOptions } from './watched-directory.ts'

let authority: TestAuthority
let server: KeyAndCertificate
beforeAll(async () => {
  authority = await createTestAuthority()
  server = await authority.issueServer()
})

type Interfere = Parameters<typeof createS3Sink>[0]

/** An agent that watches a new directory, and what became of its files. */
async function startAgentOn(
  options: Partial<WatchOptions> = {},
  interfere?: Interfere,
  prepare?: (directory: string) => void,
  concurrency = 8,
) {
  const s3 = createS3Sink(interfere)
  const { dir } = await createUploadDevice(authority, server, s3.handle)
  const directory = temporaryFolder()
  prepare?.(directory)
  const device = createDevice({ dir, concurrency, runtime: createHastyRuntime() })
  const lines: string[] = []
  const settings: AgentSettings = { watch: [{ directory, settleSeconds: 0, ...options }], mqtt: false }
  const agent = await device.startAgent({
    ...settings,
    retryBaseMs: 1,
    log: (level, message) => lines.push(`${level} ${message}`),
  })
  onTestFinished(async () => {
    await agent.stop()
    device.close()
  })
  const put = (name: string, content = name) => writeFileSync(join(directory, name), content)
  const names = () => [...s3.objects.keys()].map((key) => key.replace(/.*\/[0-9a-f]{16}-/, ''))
  return { agent, device, dir, directory, lines, names, put, s3, settings }
}

const statusOf = (agent: Agent) => {
  const [directory] = agent.status().directories
  if (directory === undefined) throw new Error('no directory is watched')
  return directory
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 50_000, interval: 10 })

test('sends what is there, oldest first, and what appears, in directories that appear too', async () => {
  const requests: string[] = []
  const { agent, directory, names, put } = await startAgentOn(
    { deleteAfter: true },
    ({ content }) => {
      requests.push(content.toString())
      return false
    },
    (inside) => {
      for (const [index, name] of ['c', 'a', 'b'].entries()) {
        writeFileSync(join(inside, name), name)
        utimesSync(join(inside, name), index + 1, index + 1)
      }
    },
    1,
  )
  await eventually(() => expect(names()).toHaveLength(3))
  expect(requests).toEqual(['c', 'a', 'b'])
  put('d')
  mkdirSync(join(directory, 'new/deep'), { recursive: true })
  put('new/e')
  put('new/deep/f')
  await eventually(() => expect(names().sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']))
  put('new/deep/g')
  await eventually(() => expect(statusOf(agent)).toMatchObject({ sent: 7, pendingFiles: 0, watches: 3 }))
  expect(readdirSync(directory)).toEqual(['new'])
})

test('waits until a file stands still, and sends it whole', async () => {
  const { agent, put, s3 } = await startAgentOn({ settleSeconds: 1 })
  put('a', 'first')
  await eventually(() => expect(statusOf(agent).pendingFiles).toBe(1))
  put('a', 'first and last')
  await eventually(() => expect(s3.objects.size).toBe(1))
  expect(String([...s3.objects.values()][0])).toBe('first and last')
})

test('keeps everything while S3 is out of reach, says so, and sends it in order afterwards', async () => {
  let isDown = true
  const { agent, lines, names, put } = await startAgentOn({}, (_, response) => {
    if (isDown) response.writeHead(503).end(s3Error('SlowDown'))
    return isDown
  })
  for (const name of ['a', 'b', 'c']) put(name)
  await eventually(() => expect(agent.status().sending?.code).toBe('UPLOAD_UNAVAILABLE'))
  expect(statusOf(agent)).toMatchObject({ sent: 0, pendingFiles: 3, pendingBytes: 3 })
  isDown = false
  await eventually(() => expect(statusOf(agent)).toMatchObject({ sent: 3, pendingFiles: 0 }))
  expect(names().sort()).toEqual(['a', 'b', 'c'])
  expect(agent.status().sending).toBeUndefined()
  expect(lines.filter((line) => line.startsWith('warn'))).toHaveLength(1)
  expect(lines).toContain('info files get through again, after UPLOAD_UNAVAILABLE')
})

test('rests when it is refused, loses nothing, and goes on when it is let again', async () => {
  let isRefused = true
  const { agent, names, put } = await startAgentOn({}, (_, response) => {
    if (isRefused) response.writeHead(403).end(s3Error('AccessDenied'))
    return isRefused
  })
  put('a')
  put('b')
  await eventually(() => expect(agent.status().sending).toMatchObject({ code: 'UPLOAD_DENIED' }))
  expect(statusOf(agent).failed).toBe(0)
  isRefused = false
  await eventually(() => expect(names().sort()).toEqual(['a', 'b']))
})

test('leaves a file that S3 does not take, tells of it, and takes it up when it changes', async () => {
  const { agent, lines, names, put } = await startAgentOn({}, ({ content }, response) => {
    const isBad = content.toString() === 'bad'
    if (isBad) response.writeHead(400).end(s3Error('InvalidArgument'))
    return isBad
  })
  put('a', 'bad')
  put('b')
  await eventually(() => expect(statusOf(agent)).toMatchObject({ sent: 1, failed: 1, pendingFiles: 0 }))
  expect(statusOf(agent).failures).toMatchObject([{ file: 'a', code: 'UPLOAD_REFUSED' }])
  expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
  put('a', 'good')
  await eventually(() => expect(statusOf(agent)).toMatchObject({ sent: 2, failed: 0 }))
  expect(names().sort()).toEqual(['a', 'b'])
})

test('removes the oldest files above its limit when it is told to, and says which', async () => {
  let isDown = true
  const { agent, directory, lines, names, put } = await startAgentOn(
    { spoolBytes: 25, dropOldest: true, settleSeconds: 3600 },
    (_, response) => {
      if (isDown) response.writeHead(503).end(s3Error('SlowDown'))
      return isDown
    },
  )
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
    put(name, '0123456789')
    utimesSync(join(directory, name), Date.now() / 1000 - 100 + index, Date.now() / 1000 - 100 + index)
  }
  await eventually(() => expect(statusOf(agent)).toMatchObject({ dropped: 2, pendingFiles: 2, pendingBytes: 20 }))
  expect(readdirSync(directory)).toEqual(['c', 'd'])
  expect(lines.filter((line) => line.startsWith('warn dropped'))).toEqual([
    'warn dropped a unsent, 10 bytes: the spool is full',
    'warn dropped b unsent, 10 bytes: the spool is full',
  ])
  isDown = false
  await agent.reconfigure({ watch: [{ directory, settleSeconds: 0 }], mqtt: false })
  await eventually(() => expect(names().sort()).toEqual(['c', 'd']))
})

test('moves what S3 has, below the directory too, and never sends it again', async () => {
  const { agent, directory, put, s3 } = await startAgentOn({}, undefined)
  await agent.reconfigure({
    watch: [{ directory, settleSeconds: 0, rescanSeconds: 1, moveTo: join(directory, 'sent') }],
    mqtt: false,
  })
  put('a', 'one')
  await eventually(() => expect(readdirSync(join(directory, 'sent'))).toEqual(['a']))
  put('a', 'two')
  await eventually(() => expect(readdirSync(join(directory, 'sent'))).toHaveLength(2))
  const { lastScanAt } = statusOf(agent)
  await eventually(() => expect(statusOf(agent).lastScanAt).not.toBe(lastScanAt))
  expect(s3.objects.size).toBe(2)
})

test('waits for a directory that is not there, and takes it up again when it was replaced', async () => {
  const { agent, directory, names, put, lines } = await startAgentOn({ rescanSeconds: 1 })
  put('a')
  await eventually(() => expect(names()).toEqual(['a']))
  renameSync(directory, `${directory}-away`)
  await eventually(() => expect(statusOf(agent).trouble?.code).toBe('FILE_UNREADABLE'))
  mkdirSync(directory)
  put('b')
  await eventually(() => expect(names()).toEqual(['a', 'b']))
  expect(statusOf(agent).trouble).toBeUndefined()
  expect(lines.filter((line) => line.startsWith('error'))).toHaveLength(1)
  rmSync(`${directory}-away`, { recursive: true })
})

test('names a file whose name is not UTF-8, and sends the others', async () => {
  const { agent, names } = await startAgentOn({}, undefined, (directory) => {
    writeFileSync(Buffer.concat([Buffer.from(`${directory}/bad-`), Buffer.from([0xff])]), 'bad')
    writeFileSync(join(directory, 'good'), 'good')
  })
  await eventually(() => expect(names()).toEqual(['good']))
  expect(statusOf(agent).failures).toMatchObject([{ code: 'FILE_NAME_INVALID' }])
})

test('goes on undisturbed with directories whose settings stay, and drains those that go', async () => {
  const { agent, directory, names, put, settings } = await startAgentOn()
  const other = temporaryFolder()
  await agent.reconfigure({ ...settings, watch: [...settings.watch, { directory: other, settleSeconds: 0 }] })
  writeFileSync(join(other, 'x'), 'x')
  put('a')
  await eventually(() => expect(names().sort()).toEqual(['a', 'x']))
  await agent.reconfigure({ ...settings, watch: [{ directory: other, settleSeconds: 0 }] })
  await eventually(() => {
    expect(agent.status().directories.map((one) => [one.directory, one.sent])).toEqual([[other, 1]])
  })
  put('b')
  writeFileSync(join(other, 'y'), 'y')
  await eventually(() => expect(names().sort()).toEqual(['a', 'x', 'y']))
  await expect(
    agent.reconfigure({ ...settings, watch: [{ directory }, { directory: join(directory, 'in') }] }),
  ).rejects.toMatchObject({
    code: 'DIRECTORY_UNUSABLE',
  })
  expect(agent.status().directories).toHaveLength(1)
})

test('ends what is under way when it is stopped, and begins nothing more', async () => {
  const release: (() => void)[] = []
  const { agent, names, put } = await startAgentOn({}, (_, response) => {
    if (release.length > 0) return false
    release.push(() => response.destroy())
    return true
  })
  put('a')
  await eventually(() => expect(release).toHaveLength(1))
  const stopped = agent.stop()
  put('b')
  expect(agent.status().state).toBe('draining')
  release[0]?.()
  expect(await stopped).toBe(true)
  expect(names()).toEqual(['a'])
})

test('is the only one on its folder and its directories', async () => {
  const { device, directory, settings } = await startAgentOn()
  await expect(device.startAgent({ ...settings, log() {} })).rejects.toMatchObject({ code: 'AGENT_RUNNING' })
  await expect(device.sync(directory)).rejects.toMatchObject({ code: 'DIRECTORY_BUSY' })
  expect(await device.agentStatus()).toMatchObject({
    state: 'running',
    thingName: 'press-7',
    connection: { state: 'off' },
  })
})

test('has no status to give when none runs', async () => {
  const { agent, device } = await startAgentOn()
  await agent.stop()
  await expect(device.agentStatus()).rejects.toMatchObject({ code: 'AGENT_NOT_RUNNING' })
})
