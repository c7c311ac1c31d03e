/** Where AWS IoT says that an unknown certificate of a registered CA connected; `+` is the CA certificate's id. */
export const registrationEventTopic = '$aws/events/certificates/registered/+'

/** Below which a device may publish and subscribe; `thingName` is a name, or the policy variable that stands for one. */
export function thingTopics(thingName: string): string {
  return `thingdrop/things/${thingName}/*`
}
