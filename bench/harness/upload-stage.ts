import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestAuthority } from '#device/testing/certificates.ts'
import { bundleDevice } from '../../build/bundle-device.ts'
import type { SinkOptions, SinkPorts, SinkQuestion, SinkTally } from '../programs/upload-sink.ts'
import { startCloudBucket } from './cloud-bucket.ts'
import { createDeviceTemplate } from './device-template.ts'
import { pinServer } from './pin-process.ts'
import type { ClientCommand } from './run-client.ts'
import { type Program, startProgram } from './start-program.ts'
import type { UploadTarget } from './upload-tools.ts'

export type Over = 'http' | 'https'

/** What a row is measured on: a sink, a device that uploads to it, and folders that go with it. */
export interface UploadStage {
  readonly workshop: string
  readonly ports: SinkPorts
  readonly caFile: string
  readonly identity: { readonly key: string; readonly cert: string }
  /** What the sink has, which it forgets with `isReset`. */
  tally(isReset: boolean): Promise<SinkTally>
  /** Where tools put files; with a delay, through a line that adds it to each round trip. */
  target(over: Over, delayMs?: number): Promise<UploadTarget>
  /** A device that sends there, with nothing in its journal. Returns what runs its command. */
  device(target: UploadTarget): (args: readonly string[]) => ClientCommand
  stop(): Promise<void>
}

const sinkCredentials = { accessKeyId: 'AKIDBENCH', secretAccessKey: 'secret', sessionToken: 'token'.repeat(80) }
const region = 'us-east-1'

/** With `isCloud`, files go to the embedded S3, which speaks plain HTTP; the sink still gives the credentials for it. */
export async function startUploadStage(isCloud = false): Promise<UploadStage> {
  const cloud = isCloud ? await startCloudBucket() : undefined
  const credentials = cloud?.credentials ?? sinkCredentials
  const workshop = mkdtempSync(join(tmpdir(), 'thingdrop-bench-'))
  const bundle = await bundleDevice(join(workshop, 'bundle'))
  const authority = await createTestAuthority()
  const identity = await authority.issueDevice('bench')
  const caFile = join(workshop, 'ca.pem')
  writeFileSync(caFile, authority.pem)
  const options: SinkOptions = { ...(await authority.issueServer()), credentials }
  const sink = await startProgram<SinkPorts>('upload-sink', [JSON.stringify(options)])
  pinServer(sink.pid)
  const lines = new Map<string, Program<{ port: number }>>()
  let devices = 0

  async function delayed(port: number, delayMs: number): Promise<number> {
    if (delayMs === 0) return port
    const name = `${port} ${delayMs}`
    const line = lines.get(name) ?? (await startProgram<{ port: number }>('delay-proxy', name.split(' ')))
    if (!lines.has(name)) pinServer(line.pid)
    lines.set(name, line)
    return line.ready.port
  }

  return {
    workshop,
    ports: sink.ready,
    caFile,
    identity,
    tally: async (isReset) =>
      cloud === undefined ? await sink.ask<SinkTally>({ isReset } satisfies SinkQuestion) : await cloud.takeTally(),
    async target(over, delayMs = 0) {
      if (cloud !== undefined) return { endpoint: cloud.endpoint, caFile, region, bucket: cloud.bucket, credentials }
      const endpoint = `${over}://localhost:${await delayed(sink.ready[over], delayMs)}`
      return { endpoint, caFile, region, bucket: 'files', credentials }
    },
    device({ endpoint, bucket }) {
      // One for all that it asks for, as the delay is on the whole line.
      const credentialsEndpoint = endpoint.startsWith('https:') ? endpoint.slice(8) : `localhost:${sink.ready.https}`
      const copy = createDeviceTemplate(join(workshop, `template-${devices++}`), identity, {
        ...{ region, bucket, s3Endpoint: endpoint, credentialsEndpoint, caFile },
      })
      const dir = copy(join(workshop, `device-${devices++}`))
      return ([command = '', ...args]) => ({ command: ['node', bundle, command, ...args, '--dir', dir] })
    },
    async stop() {
      await Promise.all([sink.stop(), cloud?.stop(), ...[...lines.values()].map((line) => line.stop())])
      rmSync(workshop, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** Makes a folder of files that share no content, and returns their names. */
export function createFiles(folder: string, count: number, bytes: number): string[] {
  mkdirSync(folder, { recursive: true })
  const content = Buffer.alloc(bytes, 'some readings of a press, with a line for each second\n')
  return Array.from({ length: count }, (_, index) => {
    const name = `f${String(index).padStart(6, '0')}.csv`
    content.write(name)
    writeFileSync(join(folder, name), content)
    return name
  })
}
