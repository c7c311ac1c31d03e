/** Where AWS IoT says that an unknown certificate of a registered CA connected; `+` is the CA certificate's id. */
export const registrationEventTopic = '$aws/events/certificates/registered/+'

/** Below which a device may publish and subscribe; `thingName` is a name, or the policy variable that stands for one. */
export function thingTopics(thingName: string): string {
  return `thingdrop/things/${thingName}/*`
}

/** Where a thing asks for an upload URL, and where it is answered; `thingName` may be `+`. */
export function uploadTopics(thingName: string) {
  const create = `thingdrop/things/${thingName}/uploads/create`
  return { create, accepted: `${create}/accepted`, rejected: `${create}/rejected` }
}
