import type { CorsConfiguration } from './types.ts'

/** What an API with a CORS configuration adds to its answers; it replaces what the function says about CORS. */
export function corsHeaders(cors: CorsConfiguration, origin: string | undefined): Record<string, string> {
  const { AllowOrigins = [], ExposeHeaders, AllowCredentials } = cors
  const isAllowed = origin !== undefined && AllowOrigins.some((allowed) => matchesOrigin(allowed, origin))
  if (!isAllowed) return {}
  return {
    'access-control-allow-origin': AllowOrigins.includes('*') ? '*' : origin,
    ...(ExposeHeaders && { 'access-control-expose-headers': ExposeHeaders.join(',') }),
    ...(AllowCredentials && { 'access-control-allow-credentials': 'true' }),
    vary: 'origin',
  }
}

/** API Gateway answers preflight requests itself, whatever routes there are. */
export function preflightHeaders(cors: CorsConfiguration, origin: string | undefined): Record<string, string> {
  const shared = corsHeaders(cors, origin)
  if (!shared['access-control-allow-origin']) return {}
  const { AllowMethods, AllowHeaders, MaxAge } = cors
  return {
    ...shared,
    ...(AllowMethods && { 'access-control-allow-methods': AllowMethods.join(',') }),
    ...(AllowHeaders && { 'access-control-allow-headers': AllowHeaders.join(',') }),
    ...(MaxAge !== undefined && { 'access-control-max-age': String(MaxAge) }),
  }
}

function matchesOrigin(allowed: string, origin: string): boolean {
  const schemeOnly = /^(https?:\/\/)\*$/.exec(allowed)?.[1]
  return allowed === '*' || allowed === origin || (schemeOnly !== undefined && origin.startsWith(schemeOnly))
}
