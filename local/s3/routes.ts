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

export function createRoutes(operations: Operations): (request: S3Request) => Handler {
  const bucket = bucketHandlers(operations)
  const routes: Record<string, Handler> = {
    'GET service': bucket.listBuckets,
    'PUT bucket': bucket.createBucket,
    'HEAD bucket': bucket.headBucket,
    'GET bucket': listObjects,
    'DELETE bucket': bucket.deleteBucket,
    'GET bucket?location': bucket.getBucketLocation,
    'GET bucket?policy': bucket.getBucketPolicy,
    'PUT bucket?policy': bucket.putBucketPolicy,
    'DELETE bucket?policy': bucket.deleteBucketPolicy,
    'GET bucket?policyStatus': bucket.getBucketPolicyStatus,
    'GET bucket?acl': getBucketAcl,
    'PUT bucket?acl': putAcl,
    'GET bucket?versions': listObjectVersions,
    'GET bucket?uploads': listMultipartUploads,
    'POST bucket?delete': deleteObjects,
    'GET object': getObject,
    'HEAD object': getObject,
    'PUT object': putObject,
    'PUT object copy': copyObject,
    'DELETE object': handleDeleteObject,
    'GET object?acl': getObjectAcl,
    'PUT object?acl': putAcl,
    'GET object?attributes': getObjectAttributes,
    'GET object?tagging': getObjectTagging,
    'PUT object?tagging': putObjectTagging,
    'DELETE object?tagging': deleteObjectTagging,
    'POST object?uploads': createMultipartUpload,
    'PUT object?uploadId': uploadPart,
    'PUT object?uploadId copy': uploadPartCopy,
    'GET object?uploadId': listParts,
    'POST object?uploadId': completeMultipartUpload,
    'DELETE object?uploadId': abortMultipartUpload,
  }
  for (const kind of configurationKinds) {
    routes[`GET bucket?${kind.query}`] = bucket.getConfiguration(kind)
    routes[`PUT bucket?${kind.query}`] = bucket.putConfiguration(kind)
    const { delete: operation } = kind.operations
    if (operation) routes[`DELETE bucket?${kind.query}`] = bucket.deleteConfiguration(operation)
  }

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
    const handler = routes[isCopy ? `${method} ${target} copy` : `${method} ${target}`]
    if (handler) return handler
    if (method === 'OPTIONS') throw s3Error('AccessForbidden')
    const verb = verbs[method]
    if (parameter && verb) throw notImplemented(`${verb}${nouns[parameter]} (${method} ?${parameter})`)
    throw s3Error('MethodNotAllowed', { Method: method, ResourceType: scope.toUpperCase() })
  }
}

const verbs: Readonly<Record<string, string>> = { GET: 'Get', HEAD: 'Head', PUT: 'Put', POST: 'Post', DELETE: 'Delete' }
