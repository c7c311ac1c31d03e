/**
 * The HTTP API: every route, and who may call it; api.ts has the shapes that cross. infra/ makes the routes from this, the device
 * client and the CLI call by it.
 * `claim`: the body's claim authorizes. `operator`: SigV4, IAM decides. `device`: SigV4 with the credentials that a
 * device gets for its certificate; its role may call the paths of its own thing only.
 */
export const routes = {
  createCertificate: { method: 'POST', path: '/v1/certificates', authorization: 'claim' },
  issueCertificate: { method: 'POST', path: '/v1/certificates/issue', authorization: 'operator' },
  listCertificates: { method: 'GET', path: '/v1/certificates', authorization: 'operator' },
  showCertificate: { method: 'GET', path: '/v1/certificates/{certificateId}', authorization: 'operator' },
  approveCertificate: { method: 'POST', path: '/v1/certificates/{certificateId}/approve', authorization: 'operator' },
  rejectCertificate: { method: 'POST', path: '/v1/certificates/{certificateId}/reject', authorization: 'operator' },
  revokeCertificate: { method: 'POST', path: '/v1/certificates/{certificateId}/revoke', authorization: 'operator' },
  renewCertificate: { method: 'POST', path: '/v1/things/{thing}/certificates', authorization: 'device' },
  confirmCertificate: {
    method: 'POST',
    path: '/v1/things/{thing}/certificates/{certificateId}/confirm',
    authorization: 'device',
  },
  createUpload: { method: 'POST', path: '/v1/things/{thing}/uploads', authorization: 'device' },
  listUploadParts: { method: 'GET', path: '/v1/things/{thing}/uploads/{uploadId}/parts', authorization: 'device' },
  completeUpload: { method: 'POST', path: '/v1/things/{thing}/uploads/{uploadId}/complete', authorization: 'device' },
  abortUpload: { method: 'DELETE', path: '/v1/things/{thing}/uploads/{uploadId}', authorization: 'device' },
  createClaim: { method: 'POST', path: '/v1/claims', authorization: 'operator' },
  listClaims: { method: 'GET', path: '/v1/claims', authorization: 'operator' },
  revokeClaim: { method: 'DELETE', path: '/v1/claims/{claimId}', authorization: 'operator' },
  listUploads: { method: 'GET', path: '/v1/uploads', authorization: 'operator' },
  showUpload: { method: 'GET', path: '/v1/uploads/{uploadId}', authorization: 'operator' },
  downloadUpload: { method: 'POST', path: '/v1/uploads/{uploadId}/download', authorization: 'operator' },
  rebuildUploads: { method: 'POST', path: '/v1/uploads/rebuild', authorization: 'operator' },
  showUploadStats: { method: 'GET', path: '/v1/stats/uploads', authorization: 'operator' },
  listThings: { method: 'GET', path: '/v1/things', authorization: 'operator' },
  showThing: { method: 'GET', path: '/v1/things/{thing}', authorization: 'operator' },
  revokeThing: { method: 'POST', path: '/v1/things/{thing}/revoke', authorization: 'operator' },
  deleteThing: { method: 'DELETE', path: '/v1/things/{thing}', authorization: 'operator' },
  explain: { method: 'GET', path: '/v1/explain/{subject}', authorization: 'operator' },
  listCaCertificates: { method: 'GET', path: '/v1/ca-certificates', authorization: 'operator' },
  registerCaCertificate: { method: 'POST', path: '/v1/ca-certificates', authorization: 'operator' },
  showRegistrationCode: { method: 'GET', path: '/v1/ca-certificates/registration-code', authorization: 'operator' },
  rotateFleetCa: { method: 'POST', path: '/v1/ca-certificates/rotate', authorization: 'operator' },
  drainCaCertificate: {
    method: 'GET',
    path: '/v1/ca-certificates/{caCertificateId}/things',
    authorization: 'operator',
  },
  retireCaCertificate: {
    method: 'POST',
    path: '/v1/ca-certificates/{caCertificateId}/retire',
    authorization: 'operator',
  },
  showOpenApi: { method: 'GET', path: '/v1/openapi.json', authorization: 'operator' },
} as const

export type RouteName = keyof typeof routes

/** A route as API Gateway names it: `GET /v1/things`. */
export function routeKey({ method, path }: { readonly method: string; readonly path: string }): string {
  return `${method} ${path}`
}

/** A route's path with its `{parameters}` filled in, each encoded as one segment. Throws a TypeError for one that is missing. */
export function fillPath(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parameters[name]
    if (value === undefined) throw new TypeError(`${path}: ${name} is missing`)
    return encodeURIComponent(value)
  })
}
