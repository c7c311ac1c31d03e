import type { CaCertificate } from '#contract/certificates-api.ts'
import { describeCa } from '../registry/describe-ca.ts'
import type { CaManagement } from './ca-management.ts'
import { summarizeCa } from './summarize-ca.ts'

/**
 * Puts a new fleet CA beside the one that signs: both are valid, and what is signed from now on is the new one's. A run
 * that died goes on where it was when it is run again: its key is kept until the new CA signs.
 */
export async function rotateFleetCa({
  store,
  registry,
  createKey,
  createCertificate,
  clock,
}: CaManagement): Promise<CaCertificate> {
  const signing = await store.getSigning()
  const keyId = await store.keepRotationKey(signing.caCertificateId, createKey)
  const certificatePem = await store.keepCertificate(keyId, () => createCertificate(keyId))
  const caCertificateId = await registry.register(certificatePem)
  const entry = describeCa(caCertificateId, certificatePem, keyId, clock())
  await store.add(entry)
  const next = { caCertificateId, keyId, certificatePem }
  // False: another run of the same rotation, with the same key, was first.
  await store.replaceSigning(next, signing.caCertificateId)
  return summarizeCa(entry, next)
}
