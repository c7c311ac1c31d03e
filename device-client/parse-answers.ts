import type { ConfirmCertificateResponse, CreateCertificateResponse } from '#contract/certificates-api.ts'
import { faultStatus } from '#contract/fault-codes.ts'
import type { Problem } from '#contract/problem.ts'
import { thingNamePattern } from '#contract/thing-name.ts'
import type { CreateUploadResponse, ListPartsResponse, SettleUploadResponse } from '#contract/uploads-api.ts'

/** What an answer's JSON says, or undefined when it is none of what was asked for; other members are dropped. */
export type ParseAnswer<Answer> = (json: unknown) => Answer | undefined

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

type Check = (value: unknown) => boolean

// By hand, and held to the contract's schemas by a test: zod would be two thirds of what a device installs.
const isText: Check = (value) => typeof value === 'string'
const isName: Check = (value) => typeof value === 'string' && value !== ''
const isUrl: Check = (value) => typeof value === 'string' && URL.canParse(value)
const isTime: Check = (value) => typeof value === 'string' && isoTime.test(value) && !Number.isNaN(Date.parse(value))
const isThingName: Check = (value) => typeof value === 'string' && thingNamePattern.test(value)
const isCertificateId: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

/** An object's members, each of which passes its check. */
function parseMembers<Name extends string>(
  value: unknown,
  checks: Readonly<Record<Name, Check>>,
): Record<Name, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const members = Object.entries<Check>(checks).map(([name, check]) => {
    const member: unknown = Object.hasOwn(value, name) ? value[name as keyof typeof value] : undefined
    return { name, member, isGood: check(member) }
  })
  if (!members.every(({ isGood }) => isGood)) return undefined
  const present = members.filter(({ member }) => member !== undefined)
  return Object.fromEntries(present.map(({ name, member }) => [name, member])) as Record<Name, unknown>
}

const device = {
  thingName: isThingName,
  thingTypeName: isName,
  region: isName,
  bucket: isName,
  roleAlias: isName,
  mqttEndpoint: isName,
  credentialsEndpoint: isName,
  apiUrl: isUrl,
  s3Endpoint: optional(isUrl),
} satisfies Record<keyof CreateCertificateResponse['device'], Check>

export const parseCreateCertificateResponse: ParseAnswer<CreateCertificateResponse> = (json) => {
  const answer = parseMembers(json, {
    certificateId: isCertificateId,
    certificatePem: isText,
    chainPem: isText,
    notAfter: isTime,
    device: () => true,
  })
  const configuration = parseMembers(answer?.device, device)
  if (configuration === undefined) return undefined
  return { ...answer, device: configuration } as unknown as CreateCertificateResponse
}

export const parseConfirmCertificateResponse: ParseAnswer<ConfirmCertificateResponse> = (json) => {
  const isRetired: Check = (value) => Array.isArray(value) && value.every(isCertificateId)
  return parseMembers(json, { certificateId: isCertificateId, retired: isRetired }) as
    | ConfirmCertificateResponse
    | undefined
}

const isUploadId: Check = (value) => typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0
const isPartCount: Check = (value) => isCount(value) && (value as number) <= 10_000
const isTexts: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isText)
const isObjectOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    parseMembers(value, checks) !== undefined

/** Without a form, which the device does not ask for. */
export const parseCreateUploadResponse: ParseAnswer<CreateUploadResponse> = (json) =>
  parseMembers(json, {
    uploadId: isUploadId,
    key: isName,
    state: (value) => value === 'issued' || value === 'arrived',
    expiresAt: isTime,
    put: optional(isObjectOf({ url: isUrl, headers: isTexts, expiresAt: isTime })),
    multipart: optional(isObjectOf({ partBytes: isCount, partCount: isPartCount })),
  }) as CreateUploadResponse | undefined

export const parseListPartsResponse: ParseAnswer<ListPartsResponse> = (json) => {
  const isPart = isObjectOf({ number: isCount, sizeBytes: (value) => value === 0 || isCount(value), url: isUrl })
  return parseMembers(json, {
    parts: (value) => Array.isArray(value) && value.every(isPart),
    expiresAt: isTime,
    next: optional(isCount),
  }) as ListPartsResponse | undefined
}

export const parseSettleUploadResponse: ParseAnswer<SettleUploadResponse> = (json) => {
  const states: readonly unknown[] = ['issued', 'arrived', 'expired', 'refused', 'aborted']
  return parseMembers(json, {
    uploadId: isUploadId,
    key: isName,
    state: (value) => states.includes(value),
    etag: optional(isText),
  }) as SettleUploadResponse | undefined
}

export const parseProblem: ParseAnswer<Problem> = (json) => {
  const isCode: Check = (value) => typeof value === 'string' && Object.hasOwn(faultStatus, value)
  return parseMembers(json, {
    type: isText,
    title: isText,
    status: Number.isSafeInteger,
    code: isCode,
    detail: isText,
    hint: optional(isText),
    requestId: isText,
  }) as Problem | undefined
}
