import { createHash } from 'node:crypto'
import { AwsError } from '#local/service.ts'

/** Takes a payload apart as it arrives and checks it; throws an AwsError as soon as it doesn't fit. */
export interface PayloadReader {
  /** Gives what belongs to the payload itself to `emit`. */
  write(chunk: Buffer, emit: (part: Buffer) => void): void
  end(): void
}

export function createPlainReader(): PayloadReader {
  return { write: (chunk, emit) => emit(chunk), end() {} }
}

/** A payload that must have the SHA-256 that the signature covers. */
export function createHashReader(expectedHex: string): PayloadReader {
  const sha256 = createHash('sha256')
  return {
    write(chunk, emit) {
      sha256.update(chunk)
      emit(chunk)
    },
    end() {
      const computed = sha256.digest('hex')
      if (computed === expectedHex) return
      throw new AwsError(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        400,
        { members: { ClientComputedContentSHA256: expectedHex, S3ComputedContentSHA256: computed } },
      )
    },
  }
}
