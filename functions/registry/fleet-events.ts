import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'

interface Quarantine {
  readonly certificateId: string
  readonly thingName: string | undefined
  readonly reason: string
}

/** What the fleet's operators are told, on the account's default event bus: a rule sends it to mail, chat or a queue. At least once. */
export function createFleetEvents(events: EventBridgeClient) {
  return {
    async announceQuarantine(quarantine: Quarantine): Promise<void> {
      const { FailedEntryCount, Entries } = await events.send(
        new PutEventsCommand({
          Entries: [{ Source: 'thingdrop', DetailType: 'Certificate quarantined', Detail: JSON.stringify(quarantine) }],
        }),
      )
      if (FailedEntryCount) throw new Error(`EventBridge did not take the event: ${Entries?.[0]?.ErrorCode}`)
    },
  }
}

export type FleetEvents = ReturnType<typeof createFleetEvents>
