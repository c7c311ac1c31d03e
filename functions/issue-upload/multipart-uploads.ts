import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'

/** A part that S3 has. */
export interface StoredPart {
  readonly number: number
  readonly sizeBytes: number
  readonly etag: string
}

interface Completion {
  readonly parts: readonly StoredPart[]
  /** Of the whole object: base64. */
  readonly crc32: string
  readonly sizeBytes: number
}

/** Uploads in parts, at S3. Each throws what S3 says. */
export function createMultipartUploads(s3: S3Client, bucket: string) {
  return {
    /**
     * Resolves with S3's id of the upload. The checksum is that of the whole object; S3 makes it of those that it computes
     * of the parts (S3 user guide, "Checking object integrity"), as the URLs of parts name none.
     */
    async create(key: string, contentType: string): Promise<string> {
      const { UploadId } = await s3.send(
        new CreateMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          ContentType: contentType,
          ChecksumAlgorithm: 'CRC32',
          ChecksumType: 'FULL_OBJECT',
        }),
      )
      if (UploadId === undefined) throw new Error('S3 gave no upload id')
      return UploadId
    },

    /** All parts that are there, in order. */
    async listParts(key: string, multipartId: string): Promise<StoredPart[]> {
      const parts: StoredPart[] = []
      let PartNumberMarker: string | undefined
      do {
        const page = await s3.send(
          new ListPartsCommand({ Bucket: bucket, Key: key, UploadId: multipartId, PartNumberMarker }),
        )
        for (const { PartNumber = 0, Size = 0, ETag = '' } of page.Parts ?? []) {
          parts.push({ number: PartNumber, sizeBytes: Size, etag: ETag })
        }
        PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined
      } while (PartNumberMarker !== undefined)
      return parts
    },

    /** Makes the object of its parts, under a key that must not exist. Resolves with its ETag. */
    async complete(key: string, multipartId: string, { parts, crc32, sizeBytes }: Completion): Promise<string> {
      const { ETag = '' } = await s3.send(
        new CompleteMultipartUploadCommand({
          Bucket: bucket,
          Key: key,
          UploadId: multipartId,
          MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
          ChecksumCRC32: crc32,
          ChecksumType: 'FULL_OBJECT',
          MpuObjectSize: sizeBytes,
          IfNoneMatch: '*',
        }),
      )
      return ETag.replaceAll('"', '')
    },

    /** What S3 does not know any more was aborted, or completed. */
    async abort(key: string, multipartId: string): Promise<void> {
      try {
        await s3.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: multipartId }))
      } catch (error) {
        if ((error as Error).name !== 'NoSuchUpload') throw error
      }
    },
  }
}

export type MultipartUploads = ReturnType<typeof createMultipartUploads>
