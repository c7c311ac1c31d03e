import { s3Error } from '../s3-error.ts'

const reservedPrefixes = ['xn--', 'sthree-', 'amzn-s3-demo-']
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
export function assertBucketName(name: string): void {
  const isWellFormed = /^[a-z0-9](?:[a-z0-9.-]{1,61})[a-z0-9]$/.test(name) && !name.includes('..')
  const isAddress = /^\d{1,3}(\.\d{1,3}){3}$/.test(name)
  const isReserved =
    reservedPrefixes.some((prefix) => name.startsWith(prefix)) ||
    reservedSuffixes.some((suffix) => name.endsWith(suffix))
  if (!isWellFormed || isAddress || isReserved) throw s3Error('InvalidBucketName', { BucketName: name })
}
