import { isIP } from 'node:net'
import { DeviceFault } from './device-fault.ts'

export interface Endpoint {
  readonly host: string
  readonly port: number
  /** What TLS asks for (SNI). AWS IoT needs it; an IP address may not stand there (RFC 6066, section 3). */
  readonly servername: string | undefined
}

/** Reads `host` or `host:port`; IPv6 addresses stand in brackets. Throws FOLDER_DAMAGED, as endpoints come from device.json. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint {
  // Not https: its parser drops the port 443, and then `host:443` would get the default.
  const address = `thingdrop://${text}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url === undefined || url.host === '' || `thingdrop://${url.host}` !== address) {
    throw new DeviceFault('FOLDER_DAMAGED', `${JSON.stringify(text)} is not an endpoint`)
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: url.port === '' ? defaultPort : Number(url.port), servername: isIP(host) ? undefined : host }
}
