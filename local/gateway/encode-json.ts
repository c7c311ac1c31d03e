/** An output shape as the JSON protocols write it: Date as epoch seconds, bytes as base64. */
export function encodeJson(output: unknown): string {
  return JSON.stringify(output ?? {}, function (this: Record<string, unknown>, key, value) {
    // Date and Buffer have a toJSON of their own, which has already run when the replacer sees the value.
    const original = this[key]
    if (original instanceof Date) return original.getTime() / 1000
    if (original instanceof Uint8Array) return Buffer.from(original).toString('base64')
    return value
  })
}
