import type { SinkRequest } from './read-requests.ts'

/** What the sink knows of a bucket. */
export interface S3Objects {
  readonly sizes: Map<string, number>
  /** Bytes of each multipart upload so far. */
  readonly parts: Map<string, number>
}

interface Answer {
  readonly status?: string
  readonly headers?: string
  readonly body?: string
}

/** With a dash, so that no client takes it for the content's MD5. */
const etag = '"00000000000000000000000000000000-1"'
const pageKeys = 1000
const xml = (text: string) => `<?xml version="1.0" encoding="UTF-8"?>\n${text}`

/** As S3 answers what upload tools ask, of a bucket that is addressed by path. */
export function answerS3({ sizes, parts }: S3Objects, { method, path, query, contentBytes }: SinkRequest): Answer {
  const uploadId = query.get('uploadId')
  const [, bucket = '', ...names] = path.split('/')
  const key = names.join('/')
  if (method === 'GET' && key === '') return listObjects(sizes, bucket, query)
  if (method === 'HEAD' || method === 'GET') {
    const size = sizes.get(path)
    if (size === undefined) return { status: '404 Not Found' }
    return { headers: `etag: ${etag}\r\nlast-modified: ${new Date().toUTCString()}\r\ncontent-length: ${size}\r\n` }
  }
  if (query.has('uploads')) {
    const id = `u${parts.size}`
    parts.set(id, 0)
    const ids = `<Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId>`
    return { body: xml(`<InitiateMultipartUploadResult>${ids}</InitiateMultipartUploadResult>`) }
  }
  if (uploadId === null) sizes.set(path, contentBytes)
  else if (method === 'PUT') parts.set(uploadId, (parts.get(uploadId) ?? 0) + contentBytes)
  else {
    sizes.set(path, parts.get(uploadId) ?? 0)
    const result = `<Bucket>${bucket}</Bucket><Key>${key}</Key><ETag>${etag}</ETag>`
    return { body: xml(`<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`) }
  }
  return { headers: `etag: ${etag}\r\n` }
}

function listObjects(sizes: ReadonlyMap<string, number>, bucket: string, query: URLSearchParams): Answer {
  const prefix = query.get('prefix') ?? ''
  const after = query.get('continuation-token') ?? query.get('marker') ?? ''
  const root = `/${bucket}/`
  const keys = [...sizes.keys()]
    .map((path) => decodeURIComponent(path.slice(root.length)))
    .filter((key) => key.startsWith(prefix) && key > after)
    .sort()
  const page = keys.slice(0, pageKeys)
  const next = keys.length > pageKeys ? page.at(-1) : undefined
  const modified = new Date().toISOString()
  const entries = page.map((key) => {
    const size = sizes.get(`${root}${key}`) ?? 0
    return `<Contents><Key>${key}</Key><LastModified>${modified}</LastModified><ETag>${etag}</ETag><Size>${size}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  })
  const isTruncated = `<IsTruncated>${next !== undefined}</IsTruncated>`
  const nexts =
    next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken><NextMarker>${next}</NextMarker>`
  const head = `<Name>${bucket}</Name><Prefix>${prefix}</Prefix><KeyCount>${page.length}</KeyCount><MaxKeys>${pageKeys}</MaxKeys>`
  return {
    headers: 'content-type: application/xml\r\n',
    body: xml(
      `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${head}${isTruncated}${nexts}${entries.join('')}</ListBucketResult>`,
    ),
  }
}
