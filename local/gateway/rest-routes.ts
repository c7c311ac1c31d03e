export interface RestRoute {
  readonly method: string
  /** `/things/{thingName}`; `{name+}` takes the rest of the path. Labels become input members of that name. */
  readonly path: string
  readonly operation: string
  /** Query parameters of the input: wire name → type, or member and type where the names differ. */
  readonly query?: Readonly<Record<string, RestType | { readonly member: string; readonly type: RestType }>>
  /** Request headers of the input: wire name (lower case) → member. */
  readonly headers?: Readonly<Record<string, string>>
  /** The input member that is the raw request body; without it the body is a JSON object of members. */
  readonly payload?: string
  /** Status of a success; 200 unless told. */
  readonly status?: number
  readonly output?: {
    /** The output member that is the raw response body. */
    readonly payload?: string
    /** Response headers: member → wire name. */
    readonly headers?: Readonly<Record<string, string>>
  }
}

/** How a query parameter's text becomes a value; 'list' collects repetitions. */
export type RestType = 'string' | 'integer' | 'boolean' | 'timestamp' | 'list'

export interface RestMatch {
  readonly route: RestRoute
  readonly labels: Readonly<Record<string, string>>
}

interface Node {
  readonly literals: Map<string, Node>
  readonly routes: RestRoute[]
  label?: Node
  greedy?: Node
}

const createNode = (): Node => ({ literals: new Map(), routes: [] })

/** Routes as a tree by path segment: a literal goes before a label, a label before a greedy one. */
export function compileRoutes(
  routes: readonly RestRoute[],
): (method: string, rawPath: string) => RestMatch | undefined {
  const root = createNode()
  for (const route of routes) insert(root, route)
  return (method, rawPath) => {
    const segments = splitPath(rawPath)
    const route = find(root, segments, 0, method)
    return route && { route, labels: readLabels(route, segments) }
  }
}

function insert(root: Node, route: RestRoute): void {
  let node = root
  for (const segment of splitPath(route.path)) {
    if (segment.startsWith('{')) {
      const kind = segment.endsWith('+}') ? 'greedy' : 'label'
      node[kind] ??= createNode()
      node = node[kind]
    } else {
      const next = node.literals.get(segment) ?? createNode()
      node.literals.set(segment, next)
      node = next
    }
  }
  node.routes.push(route)
}

function find(node: Node, segments: readonly string[], index: number, method: string): RestRoute | undefined {
  const segment = segments[index]
  if (segment === undefined) return node.routes.find((route) => route.method === method)
  const literal = node.literals.get(segment)
  return (
    (literal && find(literal, segments, index + 1, method)) ??
    (node.label && find(node.label, segments, index + 1, method)) ??
    node.greedy?.routes.find((route) => route.method === method)
  )
}

function readLabels(route: RestRoute, segments: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [index, segment] of splitPath(route.path).entries()) {
    if (segment.endsWith('+}')) {
      labels[segment.slice(1, -2)] = segments.slice(index).map(decodeURIComponent).join('/')
    } else if (segment.startsWith('{')) {
      labels[segment.slice(1, -1)] = decodeURIComponent(segments[index] ?? '')
    }
  }
  return labels
}

function splitPath(path: string): string[] {
  const segments = path.split('/').slice(1)
  if (segments.at(-1) === '') segments.pop()
  return segments
}
