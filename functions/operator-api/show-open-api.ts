import { hash } from 'node:crypto'
import { describeApi } from '#contract/open-api.ts'

/** Made when it is first asked for, and the same until the next deployment. */
let made: { readonly document: unknown; readonly etag: string } | undefined

/** The API's own description, or 304 when the caller has it already. */
export async function answerOpenApi(ifNoneMatch: string | undefined) {
  made ??= makeDocument()
  const headers = { etag: made.etag, 'cache-control': 'private, no-cache' }
  const known = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  if (known.includes(made.etag) || known.includes('*')) return { status: 304, headers }
  return { status: 200, headers, body: made.document }
}

function makeDocument() {
  const document = describeApi()
  return { document, etag: `"${hash('sha256', JSON.stringify(document)).slice(0, 32)}"` }
}
