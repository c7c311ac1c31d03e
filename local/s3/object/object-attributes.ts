import { notImplemented } from '#local/service.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers } from '../s3-request.ts'
import type { ObjectAttributes } from '../storage/object-version.ts'

const systemHeaders = ['cache-control', 'content-disposition', 'content-encoding', 'content-language', 'expires']
const metadataPrefix = 'x-amz-meta-'
const maxMetadataBytes = 2048
const defaultStorageClass = 'STANDARD'

/** Classes that differ in price and not in what an object answers; the archive classes would need a restore. */
const storageClasses = new Set([
  defaultStorageClass,
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
])
const archiveClasses = new Set(['GLACIER', 'DEEP_ARCHIVE'])

/** Reads what the client wants to be stored and returned with its object. */
export function parseObjectAttributes(headers: Headers): ObjectAttributes {
  const stored: Record<string, string> = { 'content-type': headers['content-type'] || 'binary/octet-stream' }
  for (const name of systemHeaders) {
    const value = name === 'content-encoding' ? withoutAwsChunked(headers[name]) : headers[name]
    if (value) stored[name] = value
  }
  return { headers: stored, metadata: parseMetadata(headers), storageClass: parseStorageClass(headers) }
}

/** Response headers of an object's attributes. */
export function attributeHeaders({ headers, metadata, storageClass }: ObjectAttributes): Record<string, string> {
  const all: Record<string, string> = { ...headers }
  for (const [name, value] of Object.entries(metadata)) all[metadataPrefix + name] = value
  if (storageClass !== defaultStorageClass) all['x-amz-storage-class'] = storageClass
  return all
}

function parseMetadata(headers: Headers): Record<string, string> {
  const metadata: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(metadataPrefix) || value === undefined) continue
    metadata[name.slice(metadataPrefix.length)] = value
    // node:http gives each octet of a header as one character.
    bytes += name.length - metadataPrefix.length + value.length
  }
  if (bytes > maxMetadataBytes) {
    throw s3Error('MetadataTooLarge', { Size: String(bytes), MaxSizeAllowed: String(maxMetadataBytes) })
  }
  return metadata
}

function parseStorageClass(headers: Headers): string {
  const storageClass = headers['x-amz-storage-class'] ?? defaultStorageClass
  if (archiveClasses.has(storageClass)) throw notImplemented(`the storage class ${storageClass}`)
  if (!storageClasses.has(storageClass)) throw s3Error('InvalidStorageClass', { StorageClassRequested: storageClass })
  return storageClass
}

/** The framing of the payload is no property of the object. */
function withoutAwsChunked(header: string | undefined): string | undefined {
  return header
    ?.split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== 'aws-chunked')
    .join(',')
}
