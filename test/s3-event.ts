export interface ToldObject {
  readonly bucket: string
  readonly key: string
  readonly event?: 'ObjectCreated:Put' | 'ObjectRemoved:Delete' | 'ObjectRemoved:DeleteMarkerCreated'
  readonly time: string | Date
  readonly sizeBytes?: number
  readonly etag?: string
  readonly versionId?: string | undefined
  readonly sequencer?: string
  /** Of the session that wrote it; without it an operator did. */
  readonly certificateId?: string
}

/** A message as S3 sends it: of one object, or of several. */
export function s3Event(...objects: readonly ToldObject[]): string {
  return JSON.stringify({
    Records: objects.map(({ bucket, key, event, time, sizeBytes, etag, versionId, sequencer, certificateId }) => ({
      eventVersion: '2.1',
      eventTime: new Date(time).toISOString(),
      eventName: event ?? 'ObjectCreated:Put',
      userIdentity: { principalId: `AWS:AROAEXAMPLE:${certificateId ?? 'operator'}` },
      requestParameters: { sourceIPAddress: '192.0.2.7' },
      s3: {
        bucket: { name: bucket },
        object: {
          key: new URLSearchParams({ key }).toString().slice('key='.length),
          size: sizeBytes ?? 12,
          eTag: etag ?? 'e'.repeat(32),
          versionId,
          sequencer: sequencer ?? '0055AED6DCD90281E5',
        },
      },
    })),
  })
}
