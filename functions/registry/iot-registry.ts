import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'

export interface IotRegistryOptions {
  readonly policyName: string
  /** `arn:aws:iot:REGION:ACCOUNT:cert/`: what an id is appended to. */
  readonly certificateArnPrefix: string
}

interface NewThing {
  readonly thingName: string
  readonly thingTypeName: string
  readonly attributes: Readonly<Record<string, string>>
}

/** AWS IoT's registry, as far as a certificate's life needs it. Each call may be repeated: what stands already is done, what is gone already is gone. */
export function createIotRegistry(iot: IoTClient, { policyName, certificateArnPrefix }: IotRegistryOptions) {
  async function unlessGone(call: Promise<unknown>): Promise<void> {
    try {
      await call
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error
    }
  }

  return {
    /** A thing that stands with another type or other attributes is left as its operator made it: the ledger says whose it is. */
    async createThing({ thingName, thingTypeName, attributes }: NewThing): Promise<void> {
      try {
        await iot.send(new CreateThingCommand({ thingName, thingTypeName, attributePayload: { attributes } }))
      } catch (error) {
        if (!(error instanceof ResourceAlreadyExistsException)) throw error
      }
    },

    async joinGroup(thingName: string, thingGroupName: string): Promise<void> {
      await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName }))
    },

    async attach(thingName: string, certificateId: string): Promise<void> {
      const arn = certificateArnPrefix + certificateId
      await iot.send(new AttachThingPrincipalCommand({ thingName, principal: arn }))
      await iot.send(new AttachPolicyCommand({ policyName, target: arn }))
    },

    async activate(certificateId: string): Promise<void> {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }))
    },

    /** Takes a certificate out of use; AWS IoT closes its connections. One that never connected is not there, and has none. */
    disable: (certificateId: string, newStatus: 'INACTIVE' | 'REVOKED'): Promise<void> =>
      unlessGone(iot.send(new UpdateCertificateCommand({ certificateId, newStatus }))),

    async detach(thingName: string | undefined, certificateId: string): Promise<void> {
      const arn = certificateArnPrefix + certificateId
      await unlessGone(iot.send(new DetachPolicyCommand({ policyName, target: arn })))
      if (thingName !== undefined) {
        await unlessGone(iot.send(new DetachThingPrincipalCommand({ thingName, principal: arn })))
      }
    },

    deleteThing: (thingName: string): Promise<void> => unlessGone(iot.send(new DeleteThingCommand({ thingName }))),

    /** With what is still attached to it. */
    deleteCertificate: (certificateId: string): Promise<void> =>
      unlessGone(iot.send(new DeleteCertificateCommand({ certificateId, forceDelete: true }))),

    /** The certificate (PEM) and its CA, for one that the ledger does not know. At most 10 calls a second in an account. */
    async describe(certificateId: string): Promise<{ certificatePem: string; caCertificateId: string } | undefined> {
      try {
        const { certificateDescription: found } = await iot.send(new DescribeCertificateCommand({ certificateId }))
        if (found?.certificatePem === undefined) return undefined
        return { certificatePem: found.certificatePem, caCertificateId: found.caCertificateId ?? '' }
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined
        throw error
      }
    },
  }
}

export type IotRegistry = ReturnType<typeof createIotRegistry>
