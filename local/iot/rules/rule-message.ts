/** A message as a rule sees it. */
export interface RuleMessage {
  /** Without `$aws/rules/NAME/` when it came by Basic Ingest. */
  readonly topic: string
  readonly payload: Buffer
  /** Undefined unless it came over MQTT. */
  readonly clientId: string | undefined
  /** A certificate's id or an IAM user id; undefined when AWS IoT itself publishes. */
  readonly principal: string | undefined
  readonly sourceIp: string | undefined
  readonly accountId: string
  readonly traceId: string
  readonly timestampMs: number
}
