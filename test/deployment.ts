import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { inject } from 'vitest'
import { startCloud } from '#local/cloud.ts'
import { synthesize } from '../start/synthesize.ts'

export interface Deployment {
  readonly outputs: readonly { readonly key: string; readonly value: string }[]
  /** Puts all of it where a cloud is then started, which has the stack at once. */
  readonly copyTo: (stateDir: string) => Promise<void>
  readonly giveBack: () => void
}

let deployed: Promise<Omit<Deployment, 'giveBack'>> | undefined
let isBorrowed = false

/**
 * The stack, deployed once in this process. Each cloud on a copy listens on the same ports, since the stack names them: while one
 * has it, it is undefined for the next.
 */
export async function borrowDeployment(): Promise<Deployment | undefined> {
  if (isBorrowed) return undefined
  isBorrowed = true
  deployed ??= deploy()
  return {
    ...(await deployed),
    giveBack() {
      isBorrowed = false
    },
  }
}

async function deploy(): Promise<Omit<Deployment, 'giveBack'>> {
  const folder = await mkdtemp(join(inject('deploymentsFolder'), 'deployment-'))
  const cloud = await startCloud({ stateDir: folder, ports: await choosePorts() })
  const { outputs } = await cloud.deploy({ assembly: await synthesize(), stackName: 'Thingdrop' })
  await cloud.close()
  // What cannot be copied, and each cloud makes anew.
  await rm(join(folder, 'dynamodb/dynalite.sock'), { force: true })
  // Code is compiled once, for as long as it lies in one place.
  const shared = ['assets', 'lambda/compile-cache']
  return {
    outputs,
    async copyTo(stateDir) {
      const filter = (path: string) => !shared.includes(relative(folder, path))
      await cp(folder, stateDir, { recursive: true, filter })
      for (const name of shared) await symlink(join(folder, name), join(stateDir, name))
    },
  }
}

/** Free ones below those that the operating system gives away, so that they are free the next time too. */
async function choosePorts() {
  for (;;) {
    const first = 10_000 + 4 * randomInt(5000)
    const [gateway, mqtt, credentials, api] = [first, first + 1, first + 2, first + 3]
    const ports = { gateway, mqtt, credentials, api }
    if ((await Promise.all(Object.values(ports).map(isFree))).every(Boolean)) return ports
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}
