import { AwsError } from '#local/service.ts'

/** How the text of an input member becomes a value: by member name, for every operation of a service. Unnamed members are text. */
export type QueryTypes = Readonly<Record<string, 'integer' | 'boolean' | 'timestamp' | 'list'>>

type Tree = Map<string, Tree | string>

const MAX_DEPTH = 16

/**
 * The flattened members of the query protocol as an input shape: `Tags.member.1.Key` is Tags[0].Key, `M.entry.1.key`
 * with `.value` is a map. Throws MalformedInput.
 */
export function decodeQueryInput(parameters: URLSearchParams, types: QueryTypes = {}): Record<string, unknown> {
  const root: Tree = new Map()
  for (const [name, value] of parameters) {
    if (name !== 'Action' && name !== 'Version') insert(root, name, value)
  }
  return decodeStructure(root, types)
}

function insert(root: Tree, name: string, value: string): void {
  const path = name.split('.')
  const last = path.pop() ?? ''
  if (path.length >= MAX_DEPTH) throw malformed(name)
  let tree = root
  for (const part of path) {
    const next = tree.get(part) ?? new Map<string, Tree | string>()
    if (typeof next === 'string') throw malformed(name)
    tree.set(part, next)
    tree = next
  }
  if (tree.has(last)) throw malformed(name)
  tree.set(last, value)
}

function decodeStructure(tree: Tree, types: QueryTypes): Record<string, unknown> {
  const structure: Record<string, unknown> = {}
  for (const [name, value] of tree) {
    const decoded = typeof value === 'string' ? decodeText(name, value, types) : decodeTree(value, types)
    // A member called __proto__ must become a property like any other.
    Object.defineProperty(structure, name, { value: decoded, enumerable: true, writable: true, configurable: true })
  }
  return structure
}

function decodeTree(tree: Tree, types: QueryTypes): unknown {
  const [[only, inner] = []] = tree
  if (tree.size === 1 && only === 'member' && inner instanceof Map) return decodeTree(inner, types)
  if (tree.size === 1 && only === 'entry' && inner instanceof Map) return decodeMap(inner, types)
  if (![...tree.keys()].every((key) => /^\d+$/.test(key))) return decodeStructure(tree, types)
  return [...tree]
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, value]) => (typeof value === 'string' ? value : decodeTree(value, types)))
}

function decodeMap(entries: Tree, types: QueryTypes): Record<string, unknown> {
  const pairs = [...entries.values()].map((entry) => {
    const key = entry instanceof Map ? entry.get('key') : undefined
    const value = entry instanceof Map ? entry.get('value') : undefined
    if (typeof key !== 'string' || value === undefined) throw malformed('entry')
    return [key, typeof value === 'string' ? value : decodeTree(value, types)] as const
  })
  return Object.fromEntries(pairs)
}

function decodeText(name: string, text: string, types: QueryTypes): unknown {
  const type = Object.hasOwn(types, name) ? types[name] : undefined
  switch (type) {
    case undefined:
      return text
    case 'integer':
      if (!/^-?\d{1,15}$/.test(text)) throw malformed(name)
      return Number(text)
    case 'boolean':
      if (!/^(true|false)$/i.test(text)) throw malformed(name)
      return text.toLowerCase() === 'true'
    case 'timestamp': {
      const date = new Date(text)
      if (Number.isNaN(date.getTime())) throw malformed(name)
      return date
    }
    case 'list':
      // An empty list is written `Name=`.
      if (text !== '') throw malformed(name)
      return []
  }
}

function malformed(name: string): AwsError {
  return new AwsError('MalformedInput', `The parameter ${name} cannot be read`)
}
