import type { AttributePayload } from '@aws-sdk/client-iot'

type Attributes = Readonly<Record<string, string>>

/** Merges or replaces; an attribute set to the empty string is removed. */
export function applyAttributes(current: Attributes, payload: AttributePayload | undefined): Attributes {
  if (payload === undefined) return current
  const next = { ...(payload.merge ? current : {}), ...payload.attributes }
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ''))
}

export function sameAttributes(left: Attributes, right: Attributes): boolean {
  const names = Object.keys(left)
  return names.length === Object.keys(right).length && names.every((name) => left[name] === right[name])
}
