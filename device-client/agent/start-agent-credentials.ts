import { Fault } from '#contract/fault.ts'
import { type CredentialServer, startCredentialServer } from '../credential-server.ts'
import type { Device } from '../device.ts'
import { DeviceFault } from '../device-fault.ts'
import { prepareToken } from '../prepare-token.ts'
import type { Runtime } from '../runtime.ts'
import type { AgentLog } from './agent-log.ts'

/**
 * Serves a device's credentials on 127.0.0.1, and fetches the first ahead of whoever asks, as SDKs wait a second or two for an answer.
 * Throws PORT_UNAVAILABLE and the faults of the token's file.
 */
export async function startAgentCredentials(
  { port, tokenFile }: { readonly port: number; readonly tokenFile: string },
  { device, log, runtime }: { readonly device: Device; readonly log: AgentLog; readonly runtime: Runtime },
): Promise<CredentialServer> {
  const token = prepareToken(tokenFile, runtime)
  let told: string | undefined

  /** One attempt for each who asks, as they ask again by themselves. A failure is told when it is another than the one before. */
  async function credentials() {
    try {
      const current = await device.credentials({ timeoutMs: 0 })
      told = undefined
      return current
    } catch (error) {
      if ((error instanceof DeviceFault || error instanceof Fault) && error.code !== told) {
        const { code, message, hint } = error
        told = code
        log('warn', `no credentials: ${code} ${message}`, { code, hint })
      }
      throw error
    }
  }

  const server = await startCredentialServer({ port, token, credentials })
  device.credentials().catch(() => {})
  return server
}
