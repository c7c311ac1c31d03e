import { execFile } from 'node:child_process'

export interface SystemdNotice {
  notify(...states: readonly string[]): void
  /** Ends the watchdog's pings. */
  stop(): void
}

/**
 * Tells systemd what it asks of a service with Type=notify and WatchdogSec= (sd_notify(3)), if it is there. Node.js has no datagram sockets
 * of the kind that this takes, so systemd-notify does it, seldom; the unit needs NotifyAccess=all.
 */
export function startSystemdNotice(env: NodeJS.ProcessEnv, onFailure: (message: string) => void): SystemdNotice {
  if (!env.NOTIFY_SOCKET) return { notify() {}, stop() {} }
  let hasFailed = false

  function notify(...states: readonly string[]): void {
    execFile('systemd-notify', [...states], { env: { ...env }, timeout: 10_000 }, (error) => {
      if (error !== null && !hasFailed) onFailure(`systemd is not told: ${error.message}`)
      hasFailed ||= error !== null
    })
  }

  const watchdogMs = Number(env.WATCHDOG_USEC) / 1000
  const isOurs = env.WATCHDOG_PID === undefined || env.WATCHDOG_PID === String(process.pid)
  const timer = watchdogMs > 0 && isOurs ? setInterval(() => notify('WATCHDOG=1'), watchdogMs / 2) : undefined
  return { notify, stop: () => clearInterval(timer) }
}
