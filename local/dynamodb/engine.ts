import { type ChildProcess, fork } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { AwsError } from '#local/service.ts'
import type { EngineMessage, EngineTask } from './dynalite-process.ts'

const { Agent, request: sendRequest } = process.getBuiltinModule('node:http')

const processFile = fileURLToPath(new URL('dynalite-process.ts', import.meta.url))
const restartDelayMs = 100
const maxStarts = 100
/** What a socket's path may have on Linux and macOS. */
const maxSocketPathBytes = 100

export interface EngineOptions {
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly log: (line: string) => void
}

export type RunTask = (task: WithoutId<EngineTask>) => Promise<void>

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

export interface EngineResponse {
  readonly status: number
  readonly body: Buffer
}

/** dynalite in a process of its own, started again when it ends. */
export function startEngine({ folder, accountId, region, log }: EngineOptions) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const socketFolder =
    Buffer.byteLength(folder) < maxSocketPathBytes - 20 ? folder : mkdtempSync(join(tmpdir(), 'ddb-'))
  chmodSync(socketFolder, 0o700)
  const socket = join(socketFolder, 'dynalite.sock')
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  let child: ChildProcess | undefined
  let closed = false
  const tasks = new Map<number, (error: string | undefined) => void>()
  let lastTask = 0

  function launch(): Promise<ChildProcess> {
    return new Promise((resolve, reject) => {
      rmSync(socket, { force: true })
      const launched = fork(processFile, [join(folder, 'tables'), socket], {
        env: { AWS_ACCOUNT_ID: accountId, AWS_REGION: region },
        execArgv: [],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      })
      let lastWords = ''
      launched.stderr?.setEncoding('utf8').on('data', (text) => {
        lastWords = (lastWords + text).slice(-2000)
      })
      launched.on('message', (message: EngineMessage) => {
        if (message.kind === 'ready') resolve(launched)
        else tasks.get(message.id)?.(message.error)
      })
      launched.once('exit', (code, signal) => {
        reject(new Error(`DynamoDB's engine ended (${signal ?? code}): ${lastWords}`))
        for (const end of tasks.values()) end('the engine ended')
        if (child === launched && !closed) {
          log(`DynamoDB's engine ended (${signal ?? code}) and is started again: ${lastWords}`)
          ready = start()
          ready.catch((error) => log(error.message))
        }
      })
    })
  }

  /** An engine whose process was killed may hold the lock of its files a moment longer: then the new one fails and is tried again. */
  async function start(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      child = undefined
      let launched: ChildProcess | undefined
      try {
        launched = await launch()
        await send('ListTables', '{}')
        child = launched
        return
      } catch (error) {
        launched?.kill('SIGKILL')
        if (attempt === maxStarts || closed) throw error
        await setTimeout(restartDelayMs)
      }
    }
  }

  function send(operation: string, body: string | Buffer): Promise<EngineResponse> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': Buffer.byteLength(body),
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        // The gateway checked the request; the engine wants to see the form of a signature.
        authorization: 'AWS4-HMAC-SHA256 Credential=embedded, SignedHeaders=host, Signature=checked',
        'x-amz-date': 'checked',
      }
      const request = sendRequest({ socketPath: socket, agent, method: 'POST', path: '/', headers }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 500, body: Buffer.concat(chunks) }))
        response.on('error', reject)
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  let ready = start()
  ready.catch(() => {})

  return {
    ready: () => ready,
    async request(operation: string, body: string | Buffer): Promise<EngineResponse> {
      await ready
      try {
        return await send(operation, body)
      } catch (cause) {
        const message = 'The request processing has failed because of an unknown error, exception or failure.'
        throw new AwsError('InternalServerError', message, 500, { cause })
      }
    },
    async run(task: WithoutId<EngineTask>): Promise<void> {
      await ready
      const id = ++lastTask
      const { promise, resolve } = Promise.withResolvers<string | undefined>()
      tasks.set(id, resolve)
      child?.send({ ...task, id })
      const error = await promise
      tasks.delete(id)
      if (error !== undefined) throw new AwsError('InternalServerError', error, 500)
    },
    async close(): Promise<void> {
      closed = true
      await ready.catch(() => {})
      agent.destroy()
      const ending = child
      if (!ending || ending.exitCode !== null || ending.signalCode !== null) return
      await new Promise<void>((resolve) => {
        ending.once('exit', () => resolve())
        ending.kill('SIGKILL')
      })
    },
  }
}
