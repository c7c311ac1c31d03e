import { Fault } from '#contract/fault.ts'
import type { FaultCode } from '#contract/fault-codes.ts'
import type { DeviceFault, DeviceFaultCode } from '../device-fault.ts'

const codes: ReadonlySet<DeviceFaultCode> = new Set<DeviceFaultCode>([
  'FILE_UNREADABLE',
  'FILE_NOT_REGULAR',
  'FILE_CHANGED',
  'FILE_TOO_LARGE',
  'FILE_NAME_INVALID',
  'COMPRESSION_FAILED',
  'UPLOAD_REFUSED',
  'UPLOAD_GONE',
])

const apiCodes: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'REQUEST_INVALID',
  'IDEMPOTENCY_KEY_REUSED',
  'UPLOAD_REFUSED',
  'UPLOAD_STATE',
  'UPLOAD_INCOMPLETE',
])

/** Whether a failure is that of one file; any other would befall the rest too. */
export function isOfOneFile(error: DeviceFault | Fault): boolean {
  return error instanceof Fault ? apiCodes.has(error.code) : codes.has(error.code)
}
