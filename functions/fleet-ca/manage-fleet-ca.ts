import type { CloudFormationCustomResourceEvent } from 'aws-lambda'
import { z } from 'zod'
import type { CaRegistry } from '../registry/ca-registry.ts'
import { describeCa } from '../registry/describe-ca.ts'
import type { CaStore } from '../stores/ca-store.ts'

const propertiesSchema = z.object({
  KeyId: z.string().min(1),
  CommonName: z.string().min(1).max(64),
  ValidityDays: z.coerce.number().int().positive(),
})

export interface FleetCa {
  readonly store: CaStore
  readonly registry: CaRegistry
  readonly clock: () => Date
  /** Makes the CA certificate (PEM) of a key. */
  readonly create: (ca: { keyId: string; commonName: string; validityDays: number }) => Promise<string>
}

/** What the custom resource is after a request: its id, and the attributes that the template reads. */
export interface FleetCaResource {
  readonly physicalResourceId: string
  readonly attributes: Readonly<Record<string, string>>
}

/**
 * One CA for one key. Create and Update are the same: whatever stands already is kept, so CloudFormation may repeat
 * them, also after a rotation: another CA signs then, and this one stays valid. A new key gives a new physical id, upon which CloudFormation asks to delete the old one: that retires the old CA.
 */
export async function manageFleetCa(
  { store, registry, create, clock }: FleetCa,
  event: CloudFormationCustomResourceEvent,
): Promise<FleetCaResource> {
  if (event.RequestType === 'Delete') {
    // A Create that failed left another id than a certificate's, and nothing to retire.
    if (/^[0-9a-f]{64}$/.test(event.PhysicalResourceId)) await registry.retire(event.PhysicalResourceId)
    return { physicalResourceId: event.PhysicalResourceId, attributes: {} }
  }
  const properties = propertiesSchema.parse(event.ResourceProperties)
  const certificatePem = await store.keepCertificate(properties.KeyId, () =>
    create({ keyId: properties.KeyId, commonName: properties.CommonName, validityDays: properties.ValidityDays }),
  )
  const certificateId = await registry.register(certificatePem)
  await store.add(describeCa(certificateId, certificatePem, properties.KeyId, clock()))
  await store.beginSigning({ caCertificateId: certificateId, certificatePem, keyId: properties.KeyId })
  const endpoints = await registry.findEndpoints()
  return {
    physicalResourceId: certificateId,
    attributes: {
      CertificateId: certificateId,
      MqttEndpoint: endpoints.mqtt,
      CredentialsEndpoint: endpoints.credentials,
    },
  }
}
