import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { encodeDer, encodePem } from './der.ts'

const tag = { integer: 0x02, bitString: 0x03, utf8String: 0x0c, sequence: 0x30, set: 0x31, attributes: 0xa0 }
/** Object identifiers 2.5.4.3 (commonName) and 1.2.840.10045.4.3.2 (ecdsa-with-SHA256), encoded. */
const commonName = Buffer.from('0603550403', 'hex')
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex')
/** A bit string says first how many of its last bits are unused. */
const noUnusedBits = Buffer.from([0])

/**
 * PEM of a PKCS#10 request (RFC 2986) for the subject CN=thingName, signed with its EC P-256 key. Forty lines of our own,
 * as the only other user of an X.509 library on the device would be this one message.
 */
export function createCertificateRequest(thingName: string, privateKey: KeyObject): string {
  const attribute = encodeDer(tag.sequence, commonName, encodeDer(tag.utf8String, Buffer.from(thingName)))
  const information = encodeDer(
    tag.sequence,
    encodeDer(tag.integer, Buffer.from([0])),
    encodeDer(tag.sequence, encodeDer(tag.set, attribute)),
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    encodeDer(tag.attributes),
  )
  const signature = sign('sha256', information, privateKey)
  return encodePem(
    'CERTIFICATE REQUEST',
    encodeDer(
      tag.sequence,
      information,
      encodeDer(tag.sequence, ecdsaWithSha256),
      encodeDer(tag.bitString, noUnusedBits, signature),
    ),
  )
}
