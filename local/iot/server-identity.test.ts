import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { listenLocally } from './listen-locally.ts'
import { createServerIdentity } from './server-identity.ts'
import { deviceTlsOptions } from './server-tls-options.ts'
import { connectTls } from './testing/mqtt-client.ts'

const DAY_MS = 86_400_000

test('clients that trust the CA file accept the server under its name; it stays the same after a restart', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'identity-'))
  const first = await createServerIdentity({ folder, clock: () => new Date() })
  const server = createServer(deviceTlsOptions(first))
  const port = await listenLocally(server, 0)
  const ca = readFileSync(first.caFile)
  const socket = await connectTls({ port, servername: 'localhost', ca })
  expect(socket.authorized).toBe(true)
  socket.destroy()
  await expect(connectTls({ port, servername: 'example.com', ca })).rejects.toThrow(/altnames/)
  server.close()

  const serverFile = join(folder, 'server.pem')
  const before = readFileSync(serverFile, 'utf8')
  const second = await createServerIdentity({ folder, clock: () => new Date() })
  expect(second.caCertificatePem).toBe(first.caCertificatePem)
  expect(readFileSync(serverFile, 'utf8')).toBe(before)
  expect(statSync(join(folder, 'server.key')).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'AmazonRootCA1.key')).mode & 0o777).toBe(0o600)
})

test('a server certificate that nears its end is renewed, by the same CA', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'identity-'))
  const read = () => new X509Certificate(readFileSync(join(folder, 'server.pem')))
  const first = await createServerIdentity({ folder, clock: () => new Date() })
  const before = read()
  const later = new Date(before.validToDate.getTime() - 10 * DAY_MS)
  const second = await createServerIdentity({ folder, clock: () => later })
  expect(second.caCertificatePem).toBe(first.caCertificatePem)
  expect(read().validToDate.getTime()).toBeGreaterThan(before.validToDate.getTime())
  expect(read().verify(new X509Certificate(second.caCertificatePem).publicKey)).toBe(true)
})
