import { Fault } from '#contract/fault.ts'
import { DeviceFault, type DeviceFaultCode, isTransient } from './device-fault.ts'

/** What the services say of a certificate that they do not take, be it for now or for good. */
const refusals: ReadonlySet<DeviceFaultCode> = new Set<DeviceFaultCode>([
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_CA_UNREGISTERED',
  'CERTIFICATE_REFUSED',
  'CERTIFICATE_INACTIVE',
  'REGISTRATION_PENDING',
  'MQTT_NOT_AUTHORIZED',
  'THING_NOT_ATTACHED',
  'ROLE_ALIAS_DENIED',
  'CREDENTIALS_REFUSED',
  'RENEWAL_REFUSED',
])

/** Whether a service refused the certificate, rather than that it could not be asked. */
export function isRefusal(error: unknown): error is DeviceFault | Fault {
  return isApiRefusal(error) || (error instanceof DeviceFault && refusals.has(error.code))
}

/** Whether the API itself refused, for good. */
export function isApiRefusal(error: unknown): error is Fault {
  return error instanceof Fault && !isTransient(error)
}
