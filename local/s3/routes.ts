import { notImplemented, type Operations } from '#local/service.ts'
import { bucketHandlers } from './bucket/bucket-requests.ts'
import { configurationKinds } from './bucket/configuration-kinds.ts'
import type { Handler } from './handler.ts'
import { listObjectVersions } from './listing/list-object-versions.ts'
import { listObjects } from './listing/list-objects.ts'
import { abortMultipartUpload } from './multipart/abort-multipart-upload.ts'
import { completeMultipartUpload } from './multipart/complete-multipart-upload.ts'
import { createMultipartUpload } from './multipart/create-multipart-upload.ts'
import { listMultipartUploads } from './multipart/list-multipart-uploads.ts'
import { listParts } from './multipart/list-parts.ts'
import { uploadPart, uploadPartCopy } from './multipart/upload-part.ts'
import { copyObject } from './object/copy-object.ts'
import { handleDeleteObject } from './object/delete-object.ts'
import { deleteObjects } from './object/delete-objects.ts'
import { getBucketAcl, getObjectAcl, putAcl } from './object/get-acl.ts'
import { getObject } from './object/get-object.ts'
import { getObjectAttributes } from './object/get-object-attributes.ts'
import { putObject } from './object/put-object.ts'
import { deleteObjectTagging, getObjectTagging, putObjectTagging } from './object/tag-object.ts'
import { s3Error } from './s3-error.ts'
import type { S3Request } from './s3-request.ts'

/**
 * Query parameters that choose an operation, with the noun of its name. A request with one that has no route is for an
 * operation that is not implemented; all other parameters belong to an operation or are ignored, as S3 does.
 */
const subResources: Readonly<Record<'bucket' | 'object', Readonly<Record<string, string>>>> = {
  bucket: {
    abac: 'BucketAbac',
    accelerate: 'BucketAccelerateConfiguration',
    acl: 'BucketAcl',
    analytics: 'BucketAnalyticsConfiguration',
    cors: 'BucketCors',
    delete: 'Objects',
    encryption: 'BucketEncryption',
    'intelligent-tiering': 'BucketIntelligentTieringConfiguration',
    inventory: 'BucketInventoryConfiguration',
    lifecycle: 'BucketLifecycleConfiguration',
    location: 'BucketLocation',
    logging: 'BucketLogging',
    metadataConfiguration: 'BucketMetadataConfiguration',
    metadataInventoryTable: 'BucketMetadataInventoryTableConfiguration',
    metadataJournalTable: 'BucketMetadataJournalTableConfiguration',
    metadataTable: 'BucketMetadataTableConfiguration',
    metrics: 'BucketMetricsConfiguration',
    notification: 'BucketNotificationConfiguration',
    'object-lock': 'ObjectLockConfiguration',
    ownershipControls: 'BucketOwnershipControls',
    policy: 'BucketPolicy',
    policyStatus: 'BucketPolicyStatus',
    publicAccessBlock: 'PublicAccessBlock',
    replication: 'BucketReplication',
    requestPayment: 'BucketRequestPayment',
    session: 'Session',
    tagging: 'BucketTagging',
    uploads: 'MultipartUploads',
    versioning: 'BucketVersioning',
    versions: 'ObjectVersions',
    website: 'BucketWebsite',
  },
  object: {
    acl: 'ObjectAcl',
    attributes: 'ObjectAttributes',
    encryption: 'ObjectEncryption',
    'legal-hold': 'ObjectLegalHold',
    renameObject: 'RenameObject',
    restore: 'RestoreObject',
    retention: 'ObjectRetention',
    select: 'SelectObjectContent',
    tagging: 'ObjectTagging',
    torrent: 'ObjectTorrent',
    uploadId: 'MultipartUpload',
    uploads: 'MultipartUploads',
  },
}

interface Route {
  readonly operations: readonly string[]
  readonly handler: Handler
}

/** Method, scope and sub-resource of a request → the operations of the API that it may mean, and what answers it. */
export function routesTo(operations: Operations): Readonly<Record<string, Route>> {
  const bucket = bucketHandlers(operations)
  const to = (handler: Handler, ...names: string[]): Route => ({ operations: names, handler })
  const routes: Record<string, Route> = {
    'GET service': to(bucket.listBuckets, 'ListBuckets'),
    'PUT bucket': to(bucket.createBucket, 'CreateBucket'),
    'HEAD bucket': to(bucket.headBucket, 'HeadBucket'),
    'GET bucket': to(listObjects, 'ListObjects', 'ListObjectsV2'),
    'DELETE bucket': to(bucket.deleteBucket, 'DeleteBucket'),
    'GET bucket?location': to(bucket.getBucketLocation, 'GetBucketLocation'),
    'GET bucket?policy': to(bucket.getBucketPolicy, 'GetBucketPolicy'),
    'PUT bucket?policy': to(bucket.putBucketPolicy, 'PutBucketPolicy'),
    'DELETE bucket?policy': to(bucket.deleteBucketPolicy, 'DeleteBucketPolicy'),
    'GET bucket?policyStatus': to(bucket.getBucketPolicyStatus, 'GetBucketPolicyStatus'),
    'GET bucket?acl': to(getBucketAcl, 'GetBucketAcl'),
    'PUT bucket?acl': to(putAcl, 'PutBucketAcl'),
    'GET bucket?versions': to(listObjectVersions, 'ListObjectVersions'),
    'GET bucket?uploads': to(listMultipartUploads, 'ListMultipartUploads'),
    'POST bucket?delete': to(deleteObjects, 'DeleteObjects'),
    'GET object': to(getObject, 'GetObject'),
    'HEAD object': to(getObject, 'HeadObject'),
    'PUT object': to(putObject, 'PutObject'),
    'PUT object copy': to(copyObject, 'CopyObject'),
    'DELETE object': to(handleDeleteObject, 'DeleteObject'),
    'GET object?acl': to(getObjectAcl, 'GetObjectAcl'),
    'PUT object?acl': to(putAcl, 'PutObjectAcl'),
    'GET object?attributes': to(getObjectAttributes, 'GetObjectAttributes'),
    'GET object?tagging': to(getObjectTagging, 'GetObjectTagging'),
    'PUT object?tagging': to(putObjectTagging, 'PutObjectTagging'),
    'DELETE object?tagging': to(deleteObjectTagging, 'DeleteObjectTagging'),
    'POST object?uploads': to(createMultipartUpload, 'CreateMultipartUpload'),
    'PUT object?uploadId': to(uploadPart, 'UploadPart'),
    'PUT object?uploadId copy': to(uploadPartCopy, 'UploadPartCopy'),
    'GET object?uploadId': to(listParts, 'ListParts'),
    'POST object?uploadId': to(completeMultipartUpload, 'CompleteMultipartUpload'),
    'DELETE object?uploadId': to(abortMultipartUpload, 'AbortMultipartUpload'),
  }
  for (const kind of configurationKinds) {
    const { get, put, delete: remove } = kind.operations
    routes[`GET bucket?${kind.query}`] = to(bucket.getConfiguration(kind), get)
    routes[`PUT bucket?${kind.query}`] = to(bucket.putConfiguration(kind), put)
    if (remove) routes[`DELETE bucket?${kind.query}`] = to(bucket.deleteConfiguration(remove), remove)
  }
  return routes
}

export function createRoutes(operations: Operations): (request: S3Request) => Handler {
  const routes = routesTo(operations)
  return (request) => {
    const { method, query, headers } = request
    const scope = request.key !== '' ? 'object' : request.bucket !== '' ? 'bucket' : 'service'
    const nouns = scope === 'service' ? {} : subResources[scope]
    const [parameter, ...more] = Object.keys(nouns).filter((name) => query.has(name))
    if (more.length > 0) {
      const message = `Conflicting query string parameters: ${[parameter, ...more].join(', ')}`
      throw s3Error('InvalidArgument', { ArgumentName: 'ResourceType', ArgumentValue: parameter ?? '' }, { message })
    }
    const target = parameter ? `${scope}?${parameter}` : scope
    const isCopy = method === 'PUT' && scope === 'object' && headers['x-amz-copy-source'] !== undefined
    const route = routes[isCopy ? `${method} ${target} copy` : `${method} ${target}`]
    if (route) return route.handler
    if (method === 'OPTIONS') throw s3Error('AccessForbidden')
    const verb = verbs[method]
    if (parameter && verb) throw notImplemented(`${verb}${nouns[parameter]} (${method} ?${parameter})`)
    throw s3Error('MethodNotAllowed', { Method: method, ResourceType: scope.toUpperCase() })
  }
}

const verbs: Readonly<Record<string, string>> = { GET: 'Get', HEAD: 'Head', PUT: 'Put', POST: 'Post', DELETE: 'Delete' }
