const mebibyte = 1024 * 1024
/** Large enough that few requests carry a file, small enough that little is sent again after a broken connection. */
const usualPartBytes = 16 * mebibyte
/** Amazon S3 multipart upload limits (S3 user guide). */
const maxParts = 10_000

/** How large the parts of a file are: whole mebibytes, so that 10,000 parts are enough. */
export function choosePartBytes(sizeBytes: number): number {
  return Math.max(usualPartBytes, Math.ceil(sizeBytes / maxParts / mebibyte) * mebibyte)
}

export function countParts({ sizeBytes, partBytes }: { sizeBytes: number; partBytes: number }): number {
  return Math.ceil(sizeBytes / partBytes)
}

/** Bytes of a part; they are counted from 1. */
export function sizeOfPart(number: number, { sizeBytes, partBytes }: { sizeBytes: number; partBytes: number }): number {
  return Math.min(partBytes, sizeBytes - (number - 1) * partBytes)
}
