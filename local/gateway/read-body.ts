import type { HttpRequest } from '#local/service.ts'

/** The whole payload in memory: for protocols whose requests the gateway has already bounded. */
export async function readBody(request: HttpRequest): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request.body) chunks.push(chunk)
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}
