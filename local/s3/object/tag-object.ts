import type { Tagging } from '@aws-sdk/client-s3'
import type { Call, ConditionContext, HttpResponse } from '#local/service.ts'
import { taggingShape } from '../bucket/configuration-shapes.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import type { ObjectVersion, Tags } from '../storage/object-version.ts'
import { readXmlBody } from '../xml/read-xml-body.ts'
import { writeXml } from '../xml/write-xml.ts'
import { checkTags, requestTagContext, toTagSet } from './object-tags.ts'
import { type ActionPair, parseVersionId, requireVersion } from './require-version.ts'
import { versionHeaders } from './write-object.ts'

export function getObjectTagging(s3: S3State, request: S3Request, call: Call): HttpResponse {
  const { version, headers } = requireTarget(s3, request, call, ['s3:GetObjectTagging', 's3:GetObjectVersionTagging'])
  return { status: 200, headers, body: writeXml('Tagging', { TagSet: { Tag: toTagSet(version.object.tags) } }) }
}

export async function putObjectTagging(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const { TagSet = [] } = (await readXmlBody(s3, request, 'Tagging', taggingShape)) as Tagging
  const tags = checkTags(TagSet)
  const actions: ActionPair = ['s3:PutObjectTagging', 's3:PutObjectVersionTagging']
  const { version, headers } = requireTarget(s3, request, call, actions, requestTagContext(tags))
  await setTags(s3, version, tags)
  return { status: 200, headers }
}

export async function deleteObjectTagging(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
  const actions: ActionPair = ['s3:DeleteObjectTagging', 's3:DeleteObjectVersionTagging']
  const { version, headers } = requireTarget(s3, request, call, actions)
  await setTags(s3, version, {})
  return { status: 204, headers }
}

function requireTarget(
  s3: S3State,
  { bucket: bucketName, key, query }: S3Request,
  call: Call,
  actions: ActionPair,
  context?: ConditionContext,
): { version: ObjectVersion; headers: Record<string, string> } {
  const bucket = s3.buckets.require(bucketName)
  const version = requireVersion(s3, call, { bucket, key, versionId: parseVersionId(query) }, [actions], context)
  return { version, headers: versionHeaders(bucket, version.versionId) }
}

async function setTags(s3: S3State, version: ObjectVersion, tags: Tags): Promise<void> {
  await s3.index.commit((writer) => writer.update(version, { ...version.object, tags }))
}
