import type { Delete } from '@aws-sdk/client-s3'
import { AwsError, type Call, type HttpResponse, notImplemented } from '#local/service.ts'
import type { Bucket } from '../bucket/bucket-table.ts'
import { parsePayloadIntegrity } from '../checksum/payload-integrity.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { readXmlBody } from '../xml/read-xml-body.ts'
import { flatList, struct } from '../xml/shape.ts'
import { writeXml, type XmlFields } from '../xml/write-xml.ts'
import { deleteObject } from './delete-object.ts'

const maxKeys = 1000
const shape = struct(
  {
    Objects: flatList(
      'Object',
      struct(
        { Key: 'text', VersionId: 'text', ETag: 'text', LastModifiedTime: 'text', Size: 'text' },
        { required: ['Key'] },
      ),
    ),
    Quiet: 'boolean',
  },
  { required: ['Objects'] },
)

export async function deleteObjects(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const bucket = s3.buckets.require(request.bucket)
  const integrity = parsePayloadIntegrity(request.headers)
  if (!integrity.md5 && !integrity.algorithm) {
    throw s3Error('InvalidRequest', {}, { message: 'Missing required header for this request: Content-MD5' })
  }
  const { Objects = [], Quiet } = (await readXmlBody(s3, request, 'Delete', shape, integrity)) as Delete
  if (Objects.length > maxKeys) throw s3Error('MalformedXML')
  const results = await Promise.all(Objects.map((object) => deleteOne(s3, call, bucket, object)))
  const body = writeXml('DeleteResult', {
    Deleted: Quiet ? [] : results.flatMap<XmlFields>(({ deleted }) => deleted ?? []),
    Error: results.flatMap<XmlFields>(({ error }) => error ?? []),
  })
  return { status: 200, body }
}

type Target = NonNullable<Delete['Objects']>[number]

/** One key's failure is an entry of the answer and hinders no other. */
async function deleteOne(
  s3: S3State,
  call: Call,
  bucket: Bucket,
  target: Target,
): Promise<{ deleted?: XmlFields; error?: XmlFields }> {
  const { Key = '', VersionId, ETag } = target
  try {
    if (target.LastModifiedTime !== undefined || target.Size !== undefined) {
      throw notImplemented('DeleteObjects with LastModifiedTime or Size')
    }
    const { isMarker, versionId } = await deleteObject(s3, call, bucket, {
      key: Key,
      versionId: VersionId || null,
      ifMatch: ETag,
    })
    return {
      deleted: {
        Key,
        VersionId: VersionId || undefined,
        DeleteMarker: isMarker || undefined,
        DeleteMarkerVersionId: isMarker ? versionId : undefined,
      },
    }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    return { error: { Key, VersionId: VersionId || undefined, Code: error.code, Message: error.message } }
  }
}
