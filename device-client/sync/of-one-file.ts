import { Fault } from '#contract/fault.ts'
import type { DeviceFault, DeviceFaultCode } from '../device-fault.ts'

const codes: ReadonlySet<DeviceFaultCode> = new Set<DeviceFaultCode>([
  'FILE_UNREADABLE',
  'FILE_NOT_REGULAR',
  'FILE_CHANGED',
  'FILE_TOO_LARGE',
  'FILE_NAME_INVALID',
  'UPLOAD_REFUSED',
  'UPLOAD_GONE',
])

/** Whether a failure is that of one file; any other would befall the rest too. */
export function isOfOneFile(error: DeviceFault | Fault): boolean {
  return error instanceof Fault || codes.has(error.code)
}
