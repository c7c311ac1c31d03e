// What `thingdrop/local` promises, whole in one file: a package's types cannot point into local/.

export interface StartLocalOptions {
  /** Deploy nothing, not even thingdrop's own stack. */
  readonly empty?: boolean
  /** Keep everything here, to go on from in a later run. Without it: a new folder that `close` removes. */
  readonly stateDir?: string
  /** Without one: that of the last run on the folder, or 000000000000. */
  readonly accountId?: string
  /** Without one: that of the last run on the folder, or us-east-1. */
  readonly region?: string
  /** Hold AWS IoT's control plane to AWS's default rates. */
  readonly quotas?: 'aws'
  readonly clock?: () => Date
  /** Gets what goes wrong inside; without one it goes to `cloud.log` in the folder. */
  readonly log?: (line: string) => void
}

/** A cloud of its own for a test, or for as long as you like. */
export interface Local extends AsyncDisposable {
  readonly accountId: string
  readonly region: string
  readonly endpoints: {
    /** Every AWS API. */
    readonly gateway: string
    /** `host:port` for MQTT over mutual TLS. */
    readonly mqtt: string
    readonly credentials: string
    readonly api: string
  }
  /** What an AWS SDK client is made with to be the operator: `new S3Client(local.client)`. */
  readonly client: {
    readonly endpoint: string
    readonly region: string
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  }
  /** The same for processes: the AWS CLI, other SDKs, `thingdrop`. */
  readonly environment: Readonly<Record<string, string>>
  /** PEM file of the CA that the MQTT and credentials endpoints have their certificate from. */
  readonly caFile: string
  readonly stateDir: string
  /** The outputs of thingdrop's stack by name: `ApiUrl`, `BucketName`, …; none when nothing was deployed. */
  readonly outputs: Readonly<Record<string, string>>
  /** Ends the cloud. */
  close(): Promise<void>
}
