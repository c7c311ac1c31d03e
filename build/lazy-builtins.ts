import { builtinModules } from 'node:module'
import type { Plugin } from 'esbuild'

/** Node has loaded them before a program begins, or every command needs them. */
const alwaysThere: ReadonlySet<string> = new Set([
  'buffer',
  'crypto',
  'events',
  'fs',
  'path',
  'timers/promises',
  'util',
])

/**
 * Takes Node's modules by process.getBuiltinModule, and most of them at the first call of a function: an import of each makes a facade
 * that touches all of its members, and a command that needs no network would load TLS. A tenth of a second on a small machine.
 */
export const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({
      path: path.slice('node:'.length),
      namespace: 'builtin',
      sideEffects: false,
    }))
    onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({ contents: wrap(path), loader: 'js' }))
  },
}

function wrap(name: string): string {
  if (!builtinModules.includes(name) && name !== 'sqlite') throw new Error(`Node has no module ${name}`)
  const module = process.getBuiltinModule(`node:${name}`) as unknown as Record<string, unknown>
  const members = Object.keys(module).filter((member) => /^[A-Za-z]\w*$/.test(member) && member !== 'default')
  const lines = members.map(
    (member) => `export const ${member} = /* @__PURE__ */ ${wrapMember(name, member, module[member])}`,
  )
  return [
    `const load = () => process.getBuiltinModule('node:${name}')`,
    'const pick = (member) => load()[member]',
    'const call = (member) => (...args) => load()[member](...args)',
    'const look = (member) => new Proxy({}, { get: (_, name) => load()[member][name] })',
    'const make = (member) => function (...args) { return new (load()[member])(...args) }',
    ...lines,
  ].join('\n')
}

function wrapMember(name: string, member: string, value: unknown): string {
  if (alwaysThere.has(name)) return `pick('${member}')`
  if (typeof value !== 'function') return typeof value === 'object' ? `look('${member}')` : `pick('${member}')`
  return /^[A-Z]/.test(member) ? `make('${member}')` : `call('${member}')`
}
