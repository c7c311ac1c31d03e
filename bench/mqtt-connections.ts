import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { hasProgram } from '../test/has-program.ts'
import { handshakesPerSecond, startOpensslServer } from './harness/openssl.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { registerDevice } from './harness/register-device.ts'
import { startCloud } from './harness/start-cloud.ts'
import { startProgram } from './harness/start-program.ts'
import { takeTurns } from './harness/take-turns.ts'

const run = promisify(execFile)
const turnSeconds = 2
const minShare = 0.7

const missing = ['openssl', 'python3'].filter((name) => !hasProgram(name))
if (missing.length > 0) {
  printTable('MQTT: new connections', [{ what: `not measured without ${missing.join(' and ')}`, ours: '' }])
} else {
  await measure()
}

async function measure(): Promise<void> {
  const cloud = await startCloud()
  const device = await registerDevice(cloud)
  const [certificate, key] = ['pem', 'key'].map((extension) => join(cloud.stateDir, `iot/server.${extension}`)) as [
    string,
    string,
  ]
  const floor = await startProgram<{ port: number }>('tls-floor', [certificate, key])
  const openssl = await startOpensslServer({ certificate, key, clientAuthority: device.issuer })
  const authority = cloud.facts.caFile

  async function connectionsPerSecond(port: number): Promise<number> {
    const script = join(import.meta.dirname, 'programs/mqtt-client.py')
    const { stdout } = await run('python3', [
      script,
      `${port}`,
      authority,
      device.certificate,
      device.key,
      `${turnSeconds}`,
    ])
    return Number(stdout)
  }

  const cloudPort = Number(cloud.facts.endpoints.mqtt.split(':')[1])
  const { median, ratio } = await takeTurns(
    {
      ours: () => connectionsPerSecond(cloudPort),
      openssl: () => handshakesPerSecond(openssl.port, { ...device, authority }, turnSeconds),
      node: () => connectionsPerSecond(floor.ready.port),
    },
    5,
  )
  openssl.stop()
  await Promise.all([cloud.stop(), floor.stop()])

  const rowOf = (name: 'openssl' | 'node', what: string, peer: string): Row => ({
    what,
    ours: `${median.ours.toFixed(0)}/s`,
    peer: `${median[name].toFixed(0)}/s (${peer})`,
    ratio: ratio('ours', name),
  })
  const judged = rowOf('openssl', 'new connections up to CONNACK, against handshakes alone', 'openssl s_time')
  printTable('MQTT: new connections over mutual TLS, P-256', [
    { ...judged, goal: { text: `≥ ${minShare}`, isMet: (judged.ratio ?? 0) >= minShare } },
    rowOf('node', 'the same client on a bare server', 'node:tls'),
  ])
}
