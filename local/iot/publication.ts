/** A message that is published, by a device, by a caller of the HTTPS API, or by AWS IoT. */
export interface Publication {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1
  readonly retain: boolean
}

/** Who published; all is missing when AWS IoT itself did. */
export interface Publisher {
  /** Of an MQTT connection. */
  readonly clientId?: string | undefined
  /** A certificate's id, or the user id of an IAM caller. */
  readonly principal?: string | undefined
  readonly sourceIp?: string | undefined
  /** How many rules have passed the message on by republishing it. */
  readonly republishCount?: number
}

export type Publish = (publication: Publication, publisher?: Publisher) => Promise<void>
