import type { Call } from '#local/service.ts'
import { addContext, withRequestContext } from '../authorize.ts'
import { parsePayloadIntegrity, verifyPayload } from '../checksum/payload-integrity.ts'
import type { Handler } from '../handler.ts'
import { parseObjectAttributes } from '../object/object-attributes.ts'
import { authorizeWrite, buildObject, encryptionHeaders, maxPutBytes } from '../object/put-object.ts'
import { refuseAcl, refuseUnsupportedHeaders } from '../object/refuse-unsupported.ts'
import { writeObject } from '../object/write-object.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { discardContent, receiveContent } from '../storage/receive-content.ts'
import { answerForm } from './answer-form.ts'
import { authenticateForm, type FormAuthenticator } from './authenticate-form.ts'
import { formHeaders, parseKeyField, parseTaggingField } from './form-fields.ts'
import { type FormData, parseFormData } from './parse-form-data.ts'
import { checkPostPolicy, type SizeLimits } from './post-policy.ts'

/** Uploads from a browser's form: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
export function createPostObject(authenticator: FormAuthenticator): Handler {
  return async (s3, request, anonymousCall) => {
    const bucket = s3.buckets.require(request.bucket)
    const form = await parseFormData(request.http.body, request.headers['content-type'] ?? '')
    const { fields, file } = form
    const key = parseKeyField(form)
    const headers = formHeaders(form)
    const { call, limits } = checkForm(authenticator, s3, { ...request, headers }, form, anonymousCall)
    const tags = parseTaggingField(fields.get('tagging'))
    refuseUnsupportedHeaders(headers)
    authorizeWrite(call, bucket, key, headers, tags)
    refuseAcl(headers, bucket)
    const attributes = parseObjectAttributes(headers)
    const integrity = parsePayloadIntegrity(headers)
    const content = await receiveContent(s3.files, file.content, {
      algorithms: [integrity.algorithm ?? 'CRC64NVME'],
      maxBytes: limits.maxBytes,
    })
    try {
      if (content.size < limits.minBytes) {
        throw s3Error('EntityTooSmall', { ProposedSize: String(content.size), MinSizeAllowed: String(limits.minBytes) })
      }
      verifyPayload(integrity, content, request.http)
      const written = await writeObject(s3, call, {
        bucketName: bucket.name,
        key,
        event: 'ObjectCreated:Post',
        precondition: () => {},
        build: (writer) => buildObject(writer, content, attributes, tags, integrity.algorithm),
      })
      const path = key.split('/').map(encodeURIComponent).join('/')
      const location = `http://${request.headers.host}${request.http.rawPath.replace(/\/$/, '')}/${path}`
      const posted = { bucket: bucket.name, key, etag: `"${written.object.etag}"`, location }
      return answerForm(fields, posted, { ...encryptionHeaders, ...written.headers })
    } catch (error) {
      discardContent(s3.files, content)
      throw error
    }
  }
}

/** A form without a policy is anonymous; one with a policy is its signer's, within the policy's limits. */
function checkForm(
  authenticator: FormAuthenticator,
  s3: S3State,
  request: S3Request,
  { fields }: FormData,
  anonymousCall: Call,
): { call: Call; limits: SizeLimits } {
  const policy = fields.get('policy')
  if (policy === undefined) return { call: anonymousCall, limits: { minBytes: 0, maxBytes: maxPutBytes } }
  const signer = authenticateForm(authenticator, fields, anonymousCall)
  const { minBytes, maxBytes } = checkPostPolicy(policy, fields, request.bucket, s3.clock())
  const call = addContext(withRequestContext(signer, request, s3.accountId, s3.clock()), { 's3:authType': 'POST' })
  return { call, limits: { minBytes, maxBytes: Math.min(maxBytes, maxPutBytes) } }
}
