import type { ConditionContext } from '#local/service.ts'
import { formEncode } from '../notification/form-encode.ts'
import { s3Error } from '../s3-error.ts'

export interface ListParameters {
  readonly prefix: string
  readonly delimiter: string
  readonly maxKeys: number
  readonly encodingType: string | undefined
  /** Writes a key as `encoding-type` asks. */
  encode(key: string): string
}

const maxMaxKeys = 1000

/** The parameters that all listings share. */
export function parseListParameters(query: URLSearchParams, maxName = 'max-keys'): ListParameters {
  const encodingType = query.get('encoding-type') ?? undefined
  if (encodingType !== undefined && encodingType !== 'url') {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: 'encoding-type', ArgumentValue: encodingType },
      { message: 'Invalid Encoding Method specified in Request' },
    )
  }
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') ?? '',
    maxKeys: parseLimit(query, maxName),
    encodingType,
    encode: encodingType ? formEncode : (key) => key,
  }
}

/** A count between 0 and 1,000; a greater one is taken as 1,000. */
export function parseLimit(query: URLSearchParams, name: string): number {
  const text = query.get(name)
  if (text === null || text === '') return maxMaxKeys
  if (!/^\d{1,10}$/.test(text)) {
    throw s3Error(
      'InvalidArgument',
      { ArgumentName: name, ArgumentValue: text },
      { message: `Provided ${name} not an integer or within integer range` },
    )
  }
  return Math.min(Number(text), maxMaxKeys)
}

/** Condition keys of a listing: those of its parameters that were sent. */
export function listContext(query: URLSearchParams): ConditionContext {
  const context: Record<string, string> = {}
  for (const name of ['prefix', 'delimiter', 'max-keys']) {
    const value = query.get(name)
    if (value !== null) context[`s3:${name}`] = value
  }
  return context
}
