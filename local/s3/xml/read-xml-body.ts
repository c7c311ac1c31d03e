import { type PayloadIntegrity, parsePayloadIntegrity, verifyPayload } from '../checksum/payload-integrity.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { receiveContent } from '../storage/receive-content.ts'
import { parseXml } from './parse-xml.ts'
import { decodeXml, type Shape } from './shape.ts'

/** No document of S3's API is longer: 1,000 keys of 1,024 bytes, 10,000 parts. */
const maxDocumentBytes = 4 * 1024 * 1024

export async function readTextBody(
  s3: S3State,
  request: S3Request,
  integrity: PayloadIntegrity = parsePayloadIntegrity(request.headers),
): Promise<string> {
  const algorithms = integrity.algorithm ? [integrity.algorithm] : []
  const content = await receiveContent(s3.files, request.http.body, {
    algorithms,
    maxBytes: maxDocumentBytes,
    inlineBytes: maxDocumentBytes,
  })
  verifyPayload(integrity, content, request.http)
  return 'bytes' in content.place ? content.place.bytes.toString() : ''
}

/** The document of a request as the API model's value; its root element must have the name given. */
export async function readXmlBody(
  s3: S3State,
  request: S3Request,
  root: string,
  shape: Shape,
  integrity?: PayloadIntegrity,
): Promise<unknown> {
  const text = await readTextBody(s3, request, integrity)
  if (text === '') throw s3Error('MissingRequestBodyError')
  const element = parseXml(text)
  if (element.name !== root) throw s3Error('MalformedXML')
  return decodeXml(element, shape)
}
