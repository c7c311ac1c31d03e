import type { CreateBucketConfiguration } from '@aws-sdk/client-s3'
import type { Call, HttpResponse, Operation, Operations } from '#local/service.ts'
import { notImplemented } from '#local/service.ts'
import type { Handler } from '../handler.ts'
import { s3Error } from '../s3-error.ts'
import type { S3Request } from '../s3-request.ts'
import type { S3State } from '../s3-state.ts'
import { parseXml } from '../xml/parse-xml.ts'
import { readTextBody, readXmlBody } from '../xml/read-xml-body.ts'
import { decodeXml, encodeXml } from '../xml/shape.ts'
import { writeXml, type XmlFields } from '../xml/write-xml.ts'
import type { ConfigurationKind } from './configuration-kinds.ts'
import { createBucketShape } from './configuration-shapes.ts'

/** Buckets over HTTP: each request becomes a call of its operation. */
export function bucketHandlers(operations: Operations) {
  const run = (name: string, input: object, call: Call) => (operations[name] as Operation)(input, call)

  return {
    async createBucket(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
      const { headers, bucket } = request
      const grant = Object.keys(headers).find((name) => name.startsWith('x-amz-grant-'))
      if (grant) throw notImplemented(`the header ${grant}`)
      const input = {
        Bucket: bucket,
        ACL: headers['x-amz-acl'],
        ObjectOwnership: headers['x-amz-object-ownership'],
        CreateBucketConfiguration: parseCreateBucket(await readTextBody(s3, request)),
      }
      // An endpoint of another region than us-east-1 wants to be named.
      if (s3.region !== 'us-east-1' && !input.CreateBucketConfiguration?.LocationConstraint) {
        throw s3Error('IllegalLocationConstraintException')
      }
      run('CreateBucket', input, call)
      return { status: 200, headers: { location: `/${bucket}` } }
    },
    headBucket({ region }: S3State, { bucket }: S3Request, call: Call): HttpResponse {
      run('HeadBucket', { Bucket: bucket }, call)
      return { status: 200, headers: { 'x-amz-bucket-region': region, 'x-amz-access-point-alias': 'false' } }
    },
    getBucketLocation(_: S3State, { bucket }: S3Request, call: Call): HttpResponse {
      const { LocationConstraint = '' } = run('GetBucketLocation', { Bucket: bucket }, call) as {
        LocationConstraint?: string
      }
      return { status: 200, body: writeXml('LocationConstraint', LocationConstraint) }
    },
    deleteBucket(_: S3State, { bucket }: S3Request, call: Call): HttpResponse {
      run('DeleteBucket', { Bucket: bucket }, call)
      return { status: 204 }
    },
    listBuckets(_: S3State, { query }: S3Request, call: Call): HttpResponse {
      const maxBuckets = query.get('max-buckets')
      const input = {
        Prefix: query.get('prefix') ?? undefined,
        ContinuationToken: query.get('continuation-token') ?? undefined,
        ...(maxBuckets ? { MaxBuckets: Number(maxBuckets) } : {}),
      }
      const { Buckets, ...output } = run('ListBuckets', input, call) as XmlFields
      return { status: 200, body: writeXml('ListAllMyBucketsResult', { ...output, Buckets: { Bucket: Buckets } }) }
    },
    getBucketPolicy(_: S3State, { bucket }: S3Request, call: Call): HttpResponse {
      const { Policy } = run('GetBucketPolicy', { Bucket: bucket }, call) as { Policy: string }
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Policy }
    },
    async putBucketPolicy(s3: S3State, request: S3Request, call: Call): Promise<HttpResponse> {
      run('PutBucketPolicy', { Bucket: request.bucket, Policy: await readTextBody(s3, request) }, call)
      return { status: 204 }
    },
    deleteBucketPolicy(_: S3State, { bucket }: S3Request, call: Call): HttpResponse {
      run('DeleteBucketPolicy', { Bucket: bucket }, call)
      return { status: 204 }
    },
    getBucketPolicyStatus(_: S3State, { bucket }: S3Request, call: Call): HttpResponse {
      const { PolicyStatus } = run('GetBucketPolicyStatus', { Bucket: bucket }, call) as { PolicyStatus: XmlFields }
      return { status: 200, body: writeXml('PolicyStatus', PolicyStatus) }
    },
    getConfiguration:
      (kind: ConfigurationKind): Handler =>
      (_, { bucket }, call) => {
        const output = run(kind.operations.get, { Bucket: bucket }, call) as Record<string, unknown>
        const value = kind.isWrapped ? output[kind.payload] : output
        return { status: 200, body: writeXml(kind.root, encodeXml(value, kind.shape) as XmlFields) }
      },
    putConfiguration:
      (kind: ConfigurationKind): Handler =>
      async (s3, request, call) => {
        const input = {
          Bucket: request.bucket,
          [kind.payload]: await readXmlBody(s3, request, kind.root, kind.shape),
          SkipDestinationValidation: request.headers['x-amz-skip-destination-validation'] === 'true',
        }
        await run(kind.operations.put, input, call)
        return { status: kind.putStatus }
      },
    deleteConfiguration:
      (operation: string): Handler =>
      (_, { bucket }, call) => {
        run(operation, { Bucket: bucket }, call)
        return { status: 204 }
      },
  }
}

function parseCreateBucket(text: string): CreateBucketConfiguration | undefined {
  if (text === '') return undefined
  const element = parseXml(text)
  if (element.name !== 'CreateBucketConfiguration') throw s3Error('MalformedXML')
  return decodeXml(element, createBucketShape) as CreateBucketConfiguration
}
