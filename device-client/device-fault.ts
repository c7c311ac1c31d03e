import { Fault } from '#contract/fault.ts'

interface Mend {
  /** What the reader does about it. */
  readonly hint: string
  /** The same attempt may succeed later: retried with backoff. */
  readonly transient?: true
}

/** Every way in which a device fails by itself, with its mend. The union is closed: a new way to fail is a new line here. */
const deviceFaults = {
  NOT_ENROLLED: { hint: 'run: thingdrop-device enroll, with the claim URL in THINGDROP_CLAIM' },
  FOLDER_UNUSABLE: { hint: 'give this user the folder, or choose another: --dir or THINGDROP_DEVICE_DIR' },
  FOLDER_DAMAGED: { hint: 'make another claim and run: thingdrop-device enroll --force' },
  FOLDER_EXPOSED: { hint: 'others on this machine may replace the key and the certificate: chmod 700 it' },
  KEY_EXPOSED: {
    hint: 'others on this machine may have read the key: chmod 600 it, and enroll anew if they are not trusted',
  },
  CA_FILE_UNREADABLE: {
    hint: 'name a PEM file with --ca-file or THINGDROP_CA_FILE; enroll --force saves another path',
  },
  CLAIM_MISSING: { hint: 'put the claim URL into THINGDROP_CLAIM, a file (--claim-file), or pipe it in' },
  CLAIM_URL_INSECURE: { hint: 'use the https address: over http anyone on the way could take the claim' },
  ENROLLMENT_REFUSED: { hint: 'check that the claim URL is the one that thingdrop claims create printed' },
  ENROLLMENT_UNAVAILABLE: {
    hint: 'the service is busy or down: try again, the claim and the key are kept',
    transient: true,
  },
  ANSWER_INVALID: { hint: 'what answered is not a thingdrop API of this version: check the address and any proxy' },

  HOST_NOT_FOUND: { hint: 'check the host name and the DNS server of this machine', transient: true },
  DNS_UNAVAILABLE: { hint: 'no DNS server answers: check the network', transient: true },
  CONNECTION_REFUSED: { hint: 'nothing listens there: check the port and any firewall', transient: true },
  NETWORK_UNREACHABLE: { hint: 'there is no route: check the network', transient: true },
  CONNECTION_TIMEOUT: {
    hint: 'no answer in time: check the network and that a firewall lets the port out',
    transient: true,
  },
  CONNECTION_LOST: { hint: 'the link was cut: check the network', transient: true },
  CONNECTION_CORRUPTED: {
    hint: 'bytes were changed on their way: check the network, any proxy and the memory',
    transient: true,
  },
  PROXY_UNUSABLE: { hint: 'check HTTPS_PROXY and ALL_PROXY: http://host:port or https://host:port' },
  PROXY_AUTHENTICATION: { hint: 'put the right name and password into HTTPS_PROXY: http://name:password@host:port' },
  PROXY_REFUSED: { hint: 'let the proxy connect to that host and port, or name the host in NO_PROXY' },
  PROXY_UNAVAILABLE: {
    hint: 'the proxy is busy or cannot reach the server: try again, or name the host in NO_PROXY',
    transient: true,
  },
  TLS_REFUSED: { hint: 'the two agree on no TLS version or protocol: look for a proxy, check the port' },
  CAPTIVE_PORTAL: { hint: 'log in to this network in a browser, or use a network without such a page' },
  NOT_TLS: { hint: 'something else answers there: a captive portal, a proxy, or a wrong port' },
  SERVER_CA_UNKNOWN: {
    hint: 'name the CA that signed the server with --ca-file, or look for a proxy that intercepts TLS',
  },
  SERVER_HOST_MISMATCH: { hint: 'the server is not the one that was asked for: check the host name and any proxy' },
  SERVER_CERTIFICATE_EXPIRED: { hint: 'check the clock of this machine; if it is right, the server must renew' },
  SERVER_CERTIFICATE_NOT_YET_VALID: { hint: 'check the clock of this machine: it seems to be behind' },

  CERTIFICATE_EXPIRED: {
    hint: 'check the clock; if it is right, ask an operator for a new claim (thingdrop claims create --thing NAME --replace), then run: thingdrop-device enroll --force',
  },
  CERTIFICATE_NOT_YET_VALID: { hint: 'check the clock of this machine: it seems to be behind' },
  CERTIFICATE_REVOKED: { hint: 'ask an operator why; a new claim and enroll --force give a new certificate' },
  CERTIFICATE_CA_UNREGISTERED: { hint: 'the fleet CA is not registered there: check the endpoint, or ask an operator' },
  // Sources differ on whether AWS IoT ends a first connection in the handshake or after it: so it is retried.
  CERTIFICATE_REFUSED: {
    hint: 'ask an operator: thingdrop things list shows the state and the reason',
    transient: true,
  },
  CERTIFICATE_INACTIVE: { hint: 'connect once to be registered: thingdrop-device connect; else ask an operator' },
  REGISTRATION_PENDING: {
    hint: 'the service hangs up on a certificate that is new, quarantined or of another fleet: thingdrop things list says which, and why',
    transient: true,
  },
  MQTT_VERSION_REFUSED: { hint: 'the endpoint does not speak MQTT 3.1.1: check mqttEndpoint' },
  MQTT_CLIENT_ID_REFUSED: { hint: 'the thing name is no client id there: ask an operator' },
  MQTT_UNAVAILABLE: { hint: 'the broker is not available: try again', transient: true },
  MQTT_CREDENTIALS_REFUSED: { hint: 'the broker asks for a user name: check mqttEndpoint' },
  MQTT_NOT_AUTHORIZED: { hint: 'no IoT policy lets this thing connect: ask an operator to explain it' },
  MQTT_PROTOCOL: { hint: 'what answered does not speak MQTT: check mqttEndpoint' },

  API_URL_UNUSABLE: {
    hint: 'put the https address of the API into device.json as "apiUrl", or enroll again with a new claim and --force',
  },
  RENEWAL_DUE: { hint: 'run: thingdrop-device renew, and daily from now on; or let thingdrop-device run do it' },
  RENEWAL_UNFINISHED: { hint: 'run: thingdrop-device renew; it goes on where it stopped' },
  RENEWAL_REFUSED: { hint: 'check the clock and apiUrl in device.json; else ask an operator: thingdrop explain THING' },
  RENEWAL_UNAVAILABLE: {
    hint: 'the service is busy or down: try again, the new key is kept',
    transient: true,
  },
  RENEWAL_ABANDONED: {
    hint: 'the present certificate stays in use; ask an operator why the new one was refused: thingdrop explain CERTIFICATE',
  },

  THING_NOT_ATTACHED: { hint: 'connect once to be registered: thingdrop-device connect; else ask an operator' },
  ROLE_ALIAS_DENIED: {
    hint: "an operator must allow iot:AssumeRoleWithCertificate on the alias in the thing's IoT policy",
  },
  ROLE_ALIAS_MISSING: { hint: 'the role alias was renamed or removed: ask an operator, then enroll --force' },
  ROLE_UNASSUMABLE: { hint: "an operator must let credentials.iot.amazonaws.com assume the alias's role" },
  ROLE_SESSION_TOO_LONG: { hint: "an operator must shorten the alias's duration or raise the role's maximum session" },
  CREDENTIALS_REFUSED: { hint: 'the credentials provider gave no reason that is known: ask an operator' },
  CREDENTIALS_UNAVAILABLE: { hint: 'the credentials provider is busy or down: try again', transient: true },
  CREDENTIALS_THROTTLED: { hint: 'too many ask the credentials provider at once: try again', transient: true },
  CREDENTIALS_UNPARSABLE: { hint: 'what answered is no credentials provider: check credentialsEndpoint and any proxy' },
  CREDENTIALS_EXPIRED: { hint: 'check the clock of this machine' },
  TOKEN_FILE_DAMAGED: { hint: 'remove the file, or name another with --token-file: a new token is made' },
  PORT_UNAVAILABLE: { hint: 'choose another port with --port, or end what listens there' },

  FILE_UNREADABLE: { hint: 'check the path and its permissions' },
  FILE_NOT_REGULAR: { hint: 'name the file itself; directories, symbolic links, pipes and devices are not sent' },
  FILE_CHANGED: { hint: 'wait until nothing writes to it, then send it again' },
  FILE_TOO_LARGE: { hint: 'split it: S3 takes at most 5 TiB' },
  FILE_NAME_INVALID: { hint: 'rename it: names are UTF-8' },
  OBJECT_OPTIONS_INVALID: { hint: 'correct --metadata or --tag: NAME=TEMPLATE' },
  COMPRESSION_UNAVAILABLE: { hint: 'compress with gzip, or update Node.js to 22.15 or later' },
  COMPRESSION_FAILED: {
    hint: 'make room on the disk of the folder of the device, where large files are compressed, or send without --compress',
  },
  DIRECTORY_BUSY: { hint: 'wait for the sync of this directory that is running, or end the agent that watches it' },
  DIRECTORY_UNUSABLE: {
    hint: 'name a directory that is there, is not the folder of the device, and lets this user do it',
  },
  AGENT_RUNNING: { hint: 'there is one agent for a device: end it, or ask it with: thingdrop-device status' },
  AGENT_NOT_RUNNING: { hint: 'start it: thingdrop-device run DIR, or the service thingdrop-device' },
  STATUS_UNAVAILABLE: {
    hint: 'check that this user may use the folder, and that its path has less than 90 characters',
  },
  JOURNAL_UNUSABLE: {
    hint: 'check the disk and that this user may write the folder, with Node.js 22.13 or later; without its journal.db a device sends every file again',
  },
  UPLOAD_DENIED: {
    hint: 'the role of this thing may not write there: ask an operator; a thing writes under its own prefix only',
  },
  UPLOAD_REFUSED: { hint: 'S3 gave the reason above' },
  UPLOAD_UNAVAILABLE: { hint: 'S3 is busy or down: try again', transient: true },
  UPLOAD_CONFLICT: { hint: 'another request for the same object is under way: try again', transient: true },
  UPLOAD_GONE: { hint: 'what S3 had of the file was removed there: send it again' },
  UPLOAD_CORRUPTED: {
    hint: 'the bytes were changed on their way: check the network, any proxy and the memory',
    transient: true,
  },
  BUCKET_MISSING: { hint: 'the bucket was renamed or removed: ask an operator, then enroll --force' },
  // The answer that says so tells the time as well, by which the next attempt goes.
  CLOCK_SKEWED: {
    hint: 'set the clock of this machine: AWS takes 5 to 15 minutes of difference',
    transient: true,
  },
  OBJECT_EXISTS: { hint: 'nothing: the object is there' },
} as const satisfies Record<string, Mend>

export type DeviceFaultCode = keyof typeof deviceFaults

/** What the device client throws on purpose. Callers switch on `code`; people read `message` and `hint`. */
export class DeviceFault extends Error {
  override readonly name = 'DeviceFault'
  readonly code: DeviceFaultCode
  readonly hint: string
  /** When the service says that it may go better. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: DeviceFaultCode,
    message: string,
    { retryAfterSeconds, ...options }: { cause?: unknown; retryAfterSeconds?: number | undefined } = {},
  ) {
    super(message, options)
    this.code = code
    this.hint = deviceFaults[code].hint
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Whether the same attempt may succeed later. The API's own refusals are final, but for a claim that is being used right now. */
export function isTransient(error: unknown): boolean {
  if (error instanceof Fault) return ['CLAIM_IN_USE', 'INTERNAL', 'UPLOAD_LIMIT'].includes(error.code)
  return error instanceof DeviceFault && 'transient' in deviceFaults[error.code]
}
