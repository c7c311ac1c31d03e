import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { takeReadings } from './readings.ts'
import { runProgram } from './run-program.ts'

export interface Story {
  /** AWS's variables for an operator: credentials, region and endpoint. */
  readonly operator: Readonly<Record<string, string>>
  /** PEM of the CA that the cloud's own servers have their certificates from. */
  readonly caFile: string
  /** Where the devices live, a folder each. */
  readonly folder: string
  readonly thingNames: readonly string[]
  readonly print: (line: string) => void
  /** How long the log may take to show everything, in milliseconds. */
  readonly logDeadlineMs: number
}

/**
 * Plays what thingdrop is for, with real processes: each device gets a claim, enrolls, connects for the first time, is
 * registered, trades its certificate for credentials and uploads; then the operator's log must show every file.
 * A device that enrolled in an earlier run goes on with what it has. Throws when a step fails.
 */
export async function playStory(story: Story): Promise<void> {
  const keys = (await Promise.all(story.thingNames.map((thingName) => playDevice(story, thingName)))).flat()
  await waitUntilLogged(story, keys)
}

/** The upload log as the operator's CLI prints it. */
export function printLog({ operator }: Pick<Story, 'operator'>): Promise<string> {
  return runProgram('thingdrop', ['uploads', 'list', '--output', 'table'], { environment: operator })
}

async function playDevice(story: Story, thingName: string): Promise<string[]> {
  const say = (line: string) => story.print(`  ${thingName}  ${line}`)
  const dir = join(story.folder, thingName)
  const environment: Record<string, string> = {
    THINGDROP_DEVICE_DIR: dir,
    THINGDROP_CA_FILE: story.caFile,
    // The cloud is next door: the two seconds that suit AWS would only be waited for.
    THINGDROP_RETRY_BASE_MS: '200',
    THINGDROP_TIMEOUT: '60',
  }
  const device = (args: string[], more: Record<string, string> = {}) =>
    runProgram('thingdrop-device', args, { environment: { ...environment, ...more }, onLine: say })

  if (!existsSync(join(dir, 'device.json'))) {
    const answer = await runProgram('thingdrop', ['claims', 'create', '--thing', thingName, '--output', 'json'], {
      environment: story.operator,
    })
    const { claimUrl, expiresAt } = JSON.parse(answer) as { claimUrl: string; expiresAt: string }
    say(`has a one-use claim until ${expiresAt}`)
    say((await device(['enroll'], { THINGDROP_CLAIM: claimUrl })).trim())
  }
  say((await device(['connect'])).trim())

  const { Expiration } = JSON.parse(await device(['credentials'])) as { Expiration: string }
  say(`has credentials until ${Expiration}`)

  const file = join(dir, 'readings', `${new Date().toISOString().replaceAll(':', '')}.csv`)
  await mkdir(join(dir, 'readings'), { recursive: true, mode: 0o700 })
  await writeFile(file, await takeReadings(5, 100))
  const uploaded = await device(['upload', '--output', 'jsonl', file])
  return uploaded
    .trim()
    .split('\n')
    .map((line) => {
      const { key, sizeBytes } = JSON.parse(line) as { key: string; sizeBytes: number }
      say(`uploaded ${sizeBytes} bytes as ${key}`)
      return key
    })
}

async function waitUntilLogged({ operator, print, logDeadlineMs }: Story, keys: readonly string[]): Promise<void> {
  const deadline = Date.now() + logDeadlineMs
  const missing = new Set(keys)
  while (true) {
    const log = await runProgram('thingdrop', ['uploads', 'list', '--output', 'jsonl', '--limit', '1000'], {
      environment: operator,
    })
    for (const line of log.trim().split('\n')) {
      if (line !== '') missing.delete((JSON.parse(line) as { key: string }).key)
    }
    if (missing.size === 0) return print(`  the upload log has all ${keys.length} files`)
    if (Date.now() > deadline) throw new Error(`never logged: ${[...missing].join(', ')}`)
    await wait(200)
  }
}
