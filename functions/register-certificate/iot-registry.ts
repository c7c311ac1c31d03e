import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateThingCommand,
  type IoTClient,
  ResourceAlreadyExistsException,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'

export interface IotRegistryOptions {
  readonly thingTypeName: string
  readonly policyName: string
  /** `arn:aws:iot:REGION:ACCOUNT:cert/`: what an id is appended to. */
  readonly certificateArnPrefix: string
}

/** The four calls of a registration. Each may be repeated: AWS IoT takes an attachment or a status that stands already as done. */
export function createIotRegistry(
  iot: IoTClient,
  { thingTypeName, policyName, certificateArnPrefix }: IotRegistryOptions,
) {
  return {
    /** A thing that stands with another type or other attributes is left as its operator made it: the ledger says whose it is. */
    async createThing(thingName: string, attributes: Readonly<Record<string, string>>): Promise<void> {
      try {
        await iot.send(new CreateThingCommand({ thingName, thingTypeName, attributePayload: { attributes } }))
      } catch (error) {
        if (!(error instanceof ResourceAlreadyExistsException)) throw error
      }
    },

    async attach(thingName: string, certificateId: string): Promise<void> {
      const arn = certificateArnPrefix + certificateId
      await iot.send(new AttachThingPrincipalCommand({ thingName, principal: arn }))
      await iot.send(new AttachPolicyCommand({ policyName, target: arn }))
    },

    async activate(certificateId: string): Promise<void> {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }))
    },

    async deactivate(certificateId: string): Promise<void> {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }))
    },
  }
}

export type IotRegistry = ReturnType<typeof createIotRegistry>
