import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasProgram } from '../test/has-program.ts'
import { createMeter, type Meter, type Work } from './harness/meter.ts'
import { startOpensslServer, timeHandshakes } from './harness/openssl.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { registerDevice } from './harness/register-device.ts'
import { startCloud } from './harness/start-cloud.ts'
import { startProgram } from './harness/start-program.ts'
import { takeTurns } from './harness/take-turns.ts'

const run = promisify(execFile)
const script = join(import.meta.dirname, 'programs/mqtt-client.py')
const turnSeconds = 2
/** Until Node has compiled what a connection runs through. */
const warmUpSeconds = 5
const minShare = 0.7

const missing = ['openssl', 'python3'].filter((name) => !hasProgram(name))
if (missing.length > 0) {
  printTable('MQTT: new connections', [{ what: `not measured without ${missing.join(' and ')}`, ours: '' }])
} else {
  await measure()
}

async function measure(): Promise<void> {
  // What is called python3 may be a script that looks for Python, for longer than a turn takes.
  const { stdout: python } = await run('python3', ['-c', 'import sys; print(sys.executable)'])
  const cloud = await startCloud()
  const device = await registerDevice(cloud)
  const certificate = join(cloud.stateDir, 'iot/server.pem')
  const key = join(cloud.stateDir, 'iot/server.key')
  const floor = await startProgram<{ port: number }>('tls-floor', [certificate, key])
  const openssl = await startOpensslServer({ certificate, key, clientAuthority: device.issuer })
  const authority = cloud.facts.caFile

  async function connect(port: number, seconds = turnSeconds): Promise<Work> {
    const files = [authority, device.certificate, device.key]
    const { stdout } = await run(python.trim(), [script, `${port}`, ...files, `${seconds}`])
    return JSON.parse(stdout)
  }

  const cloudPort = Number(cloud.facts.endpoints.mqtt.split(':')[1])
  for (const port of [cloudPort, floor.ready.port]) await connect(port, warmUpSeconds)
  const meters = {
    ours: createMeter(cloud.pid, () => connect(cloudPort)),
    openssl: createMeter(openssl.pid, () => timeHandshakes(openssl.port, { ...device, authority }, turnSeconds)),
    node: createMeter(floor.pid, () => connect(floor.ready.port)),
  } satisfies Record<string, Meter>
  const { median, ratio } = await takeTurns(
    { ours: meters.ours.turn, openssl: meters.openssl.turn, node: meters.node.turn },
    5,
  )
  openssl.stop()
  await Promise.all([cloud.stop(), floor.stop()])

  const rateAgainst = (name: 'openssl' | 'node', what: string, peer: string): Row & { ratio: number } => ({
    what,
    ours: `${median.ours.toFixed(0)}/s`,
    peer: `${median[name].toFixed(0)}/s (${peer})`,
    ratio: ratio('ours', name),
  })
  const costAgainst = (name: 'openssl' | 'node', peer: string): Row => ({
    what: "processor time of the server's process, a connection",
    ours: `${meters.ours.microseconds().toFixed(0)} µs`,
    peer: `${meters[name].microseconds().toFixed(0)} µs (${peer})`,
    ratio: meters[name].microseconds() / meters.ours.microseconds(),
  })
  const judged = rateAgainst('openssl', 'new connections up to CONNACK, against handshakes alone', 'openssl s_time')
  printTable('MQTT: new connections over mutual TLS, P-256', [
    { ...judged, goal: { text: `≥ ${minShare}`, isMet: judged.ratio >= minShare } },
    costAgainst('openssl', 'openssl s_server'),
    rateAgainst('node', 'the same client on a bare server', 'node:tls'),
    costAgainst('node', 'node:tls'),
  ])
}
