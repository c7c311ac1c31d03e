// AWS IoT Core endpoints and quotas, "Message broker and protocol limits".

export const MAX_PAYLOAD_BYTES = 131_072
export const MAX_TOPIC_BYTES = 256
/** In topics and topic filters; `$aws/rules/NAME/` of Basic Ingest does not count. */
export const MAX_TOPIC_SLASHES = 7
export const MAX_CLIENT_ID_BYTES = 128
export const MAX_SUBSCRIPTIONS_PER_REQUEST = 8
export const MIN_KEEP_ALIVE_SECONDS = 30
/** Also what a client gets that asks for none. */
export const MAX_KEEP_ALIVE_SECONDS = 1200
/** How long a persistent session is kept for a client that is away. */
export const SESSION_EXPIRY_SECONDS = 3600

// Local choices: AWS does not say.

/** What may wait in memory for a slow client before others wait with it. */
export const MAX_WAITING_BYTES = 1_048_576
/** The largest packet: a full payload, its topic and identifiers, or a CONNECT with a will and credentials. */
export const MAX_PACKET_BYTES = MAX_PAYLOAD_BYTES + 8192
