import type { z } from 'zod'
import type { CreateCertificateResponse, issueCertificateRequestSchema } from '#contract/certificates-api.ts'
import { thingHeld, type WantedThing } from '../rules/check-thing.ts'
import { hashPublicKey } from '../x509/certificate-fields.ts'
import { parseCsr } from './parse-csr.ts'
import { certificateAnswerOf, ledgerEntryOf, type Vending } from './vending.ts'

/**
 * Signs a CSR for an operator, who answers for who holds its key: a factory's way, many at a time. One key gets one
 * certificate, so a request that is repeated is answered as it was. Throws the CSR's faults, the check's and THING_HELD.
 */
export async function issueCertificate(
  { issuances, ledger, things, sign, device, clock }: Vending,
  input: z.infer<typeof issueCertificateRequestSchema>,
  check: (thing: WantedThing) => void,
): Promise<CreateCertificateResponse> {
  const now = clock()
  const request = await parseCsr(input.csr)
  const { thingTypeName, thingGroupName, attributes } = input
  const thing = { thingName: request.thingName, thingTypeName, attributes }
  check({ ...thing, thingGroupName })
  const holder = (await things.find(request.thingName))?.certificateId
  const issued = await issuances.keep(request.thingName, hashPublicKey(request.publicKey), () => {
    if (holder !== undefined) throw thingHeld(request.thingName)
    return sign(request, now)
  })
  await ledger.add(ledgerEntryOf(issued, { ...thing, thingGroupName, origin: 'issue' }, now))
  await things.note({ ...thing, state: 'vended' }, now)
  return certificateAnswerOf(issued, thing, device)
}
