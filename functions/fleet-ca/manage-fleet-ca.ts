import type { CloudFormationCustomResourceEvent } from 'aws-lambda'
import { z } from 'zod'
import type { CaStore } from '../stores/ca-store.ts'
import type { CaRegistry } from './ca-registry.ts'

const propertiesSchema = z.object({
  KeyId: z.string().min(1),
  CommonName: z.string().min(1).max(64),
  ValidityDays: z.coerce.number().int().positive(),
})

export interface FleetCa {
  readonly store: CaStore
  readonly registry: CaRegistry
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
 * them. A new key gives a new physical id, upon which CloudFormation asks to delete the old one: that retires the old CA.
 */
export async function manageFleetCa(
  { store, registry, create }: FleetCa,
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
  const endpoints = await registry.findEndpoints()
  return {
    physicalResourceId: certificateId,
    attributes: {
      CertificateId: certificateId,
      CertificatePem: certificatePem,
      MqttEndpoint: endpoints.mqtt,
      CredentialsEndpoint: endpoints.credentials,
    },
  }
}
