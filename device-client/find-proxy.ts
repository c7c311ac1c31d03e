import { BlockList, isIP } from 'node:net'
import { DeviceFault } from './device-fault.ts'

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/**
 * The proxy for a TLS connection to this host: HTTPS_PROXY, or ALL_PROXY, in capitals or not, unless NO_PROXY names the host.
 * This machine itself is never asked for through a proxy. Throws PROXY_UNUSABLE.
 */
export function findProxy(host: string, port: number, env: ProxyEnvironment = process.env): URL | undefined {
  const text = read('HTTPS_PROXY', env) ?? read('ALL_PROXY', env)
  if (text === undefined || isExempt(host, port, read('NO_PROXY', env) ?? '')) return undefined
  const address = text.includes('://') ? text : `http://${text}`
  const proxy = URL.canParse(address) ? new URL(address) : undefined
  if (proxy !== undefined && ['http:', 'https:'].includes(proxy.protocol)) return proxy
  // Without the address itself: it may hold a password.
  throw new DeviceFault('PROXY_UNUSABLE', 'the proxy of the environment is no http:// or https:// address')
}

function read(name: string, env: ProxyEnvironment): string | undefined {
  return env[name.toLowerCase()] || env[name] || undefined
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

const family = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/**
 * NO_PROXY as curl and Go read it: names, which stand for what is below them too, `*`, addresses, networks as 10.0.0.0/8, each with
 * a port or for every one.
 */
function isExempt(host: string, port: number, noProxy: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return true
  if (isIP(name) && loopback.check(name, family(name))) return true
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => entry !== '' && covers(entry, name, port))
}

function covers(entry: string, name: string, port: number): boolean {
  if (entry === '*') return true
  const network = /^(.+)\/(\d+)$/.exec(entry)
  if (network !== null) return isWithin(name, network[1] ?? '', Number(network[2]))
  const bare = /^\[(.+)\](?::(\d+))?$/.exec(entry) ?? /^([^:]+)(?::(\d+))?$/.exec(entry) ?? [entry, entry]
  const [, pattern = '', only] = bare
  if (only !== undefined && Number(only) !== port) return false
  const suffix = pattern.replace(/^\*?\./, '')
  return name === suffix || (!isIP(name) && name.endsWith(`.${suffix}`))
}

function isWithin(name: string, network: string, bits: number): boolean {
  if (isIP(name) === 0 || isIP(name) !== isIP(network) || bits > (isIP(name) === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, bits, family(network))
  return list.check(name, family(name))
}
