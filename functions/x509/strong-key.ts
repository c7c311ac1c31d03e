import type { KeyObject } from 'node:crypto'

/** Curves that AWS IoT takes in client certificates (AWS IoT developer guide, "X.509 client certificates"). */
const curves = ['prime256v1', 'secp384r1', 'secp521r1']
export const minRsaBits = 2048

/** Whether AWS IoT takes a certificate with this public key. */
export function isStrongKey({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): boolean {
  if (asymmetricKeyType === 'ec') return curves.includes(asymmetricKeyDetails.namedCurve ?? '')
  return asymmetricKeyType === 'rsa' && (asymmetricKeyDetails.modulusLength ?? 0) >= minRsaBits
}
