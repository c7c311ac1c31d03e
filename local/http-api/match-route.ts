import { decodePath } from './decode-path.ts'
import type { Route } from './types.ts'

export interface RouteMatch {
  readonly route: Route
  readonly pathParameters: Readonly<Record<string, string>>
}

/**
 * Full match, then a greedy `{proxy+}`, then `$default`; a literal goes before a variable and a method before ANY.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
 */
export function matchRoute(routes: readonly Route[], method: string, rawPath: string): RouteMatch | undefined {
  const segments = rawPath.split('/').slice(1)
  let best: (RouteMatch & { rank: string }) | undefined
  for (const route of routes) {
    const match = matchKey(route, method, segments)
    if (match && (!best || match.rank > best.rank)) best = match
  }
  return best && { route: best.route, pathParameters: best.pathParameters }
}

/** Ranks compare as text: each segment's kind (literal 3, variable 2, greedy 1), then the method's. */
function matchKey(route: Route, method: string, segments: readonly string[]) {
  if (route.RouteKey === '$default') return { route, pathParameters: {}, rank: '0' }
  const [verb, path = ''] = route.RouteKey.split(' ')
  if (verb !== method && verb !== 'ANY') return undefined
  const pathParameters: Record<string, string> = {}
  let rank = ''
  const wanted = path.split('/').slice(1)
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index]
    if (segment === undefined) return undefined
    if (part.endsWith('+}')) {
      pathParameters[part.slice(1, -2)] = segments.slice(index).map(decodePath).join('/')
      return { route, pathParameters, rank: `1${rank}1${verb === 'ANY' ? 0 : 1}` }
    }
    if (part.startsWith('{')) {
      if (segment === '') return undefined
      pathParameters[part.slice(1, -1)] = decodePath(segment)
      rank += '2'
    } else if (part === decodePath(segment)) rank += '3'
    else return undefined
  }
  if (wanted.length !== segments.length) return undefined
  return { route, pathParameters, rank: `2${rank}${verb === 'ANY' ? 0 : 1}` }
}
