import type { CaCertificate } from '#contract/certificates-api.ts'
import { describeCa } from '../registry/describe-ca.ts'
import type { CaManagement } from './ca-management.ts'
import { summarizeCa } from './summarize-ca.ts'

/** A rotation that is asked for again this soon, in milliseconds, is the same one: its answer was lost. */
const repeatMs = 10 * 60_000

/**
 * Puts a new fleet CA beside the one that signs: both are valid, and what is signed from now on is the new one's. A run
 * that died goes on where it was when it is run again, with the same key and the same CA.
 */
export async function rotateFleetCa({
  store,
  registry,
  keys,
  createCertificate,
  clock,
}: CaManagement): Promise<CaCertificate> {
  const now = clock()
  const signing = await store.getSigning()
  if (signing.rotatedAt !== undefined && now.getTime() - Date.parse(signing.rotatedAt) < repeatMs) {
    const made = await store.find(signing.caCertificateId)
    if (made) return summarizeCa(made, signing)
  }
  const replacedId = signing.caCertificateId
  const keyId = await store.keepRotationKey(replacedId, keys)
  const certificatePem = await store.keepCertificate(keyId, () => createCertificate(keyId))
  const caCertificateId = await registry.register(certificatePem)
  const entry = describeCa(caCertificateId, certificatePem, keyId, now)
  await store.add(entry)
  const next = { caCertificateId, keyId, certificatePem, rotatedAt: now.toISOString() }
  // False: another run of the same rotation, with the same key, was first.
  await store.replaceSigning(next, replacedId)
  return summarizeCa(entry, next)
}
