import type { CertificateState } from '#contract/certificate-state.ts'
import type { CertificateEntry } from '../stores/certificate-ledger.ts'
import { foundIn, type ThingFacts } from './facts.ts'

const ended: readonly CertificateState[] = ['retired', 'revoked', 'rejected']

/**
 * Of a thing's certificates, the one that its device would use: the one that holds it, else the newest that may come to
 * hold it. None while a claim is to bring one. Else what there was, or what is attached without the ledger's knowledge.
 */
export function chooseCertificate({ entry, certificates, claims, attached }: ThingFacts): string | undefined {
  const holder = foundIn(entry)?.certificateId
  if (holder !== undefined) return holder
  const newestFirst = [...(foundIn(certificates) ?? [])].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  const usable = newestFirst.find(({ state }) => !ended.includes(state))
  if (usable) return usable.certificateId
  if (foundIn(claims)?.length) return undefined
  return (newestFirst[0] as CertificateEntry | undefined)?.certificateId ?? foundIn(attached)?.[0]
}
