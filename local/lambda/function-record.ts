/** `FunctionConfiguration` of the Lambda API, with the members that the embedded cloud has. */
export interface FunctionConfiguration {
  readonly FunctionName: string
  readonly FunctionArn: string
  readonly Runtime: string
  readonly Role: string
  readonly Handler: string
  readonly CodeSize: number
  readonly CodeSha256: string
  readonly Description: string
  readonly Timeout: number
  readonly MemorySize: number
  readonly LastModified: string
  readonly Version: '$LATEST'
  readonly Environment?: { readonly Variables: Readonly<Record<string, string>> }
  readonly TracingConfig: { readonly Mode: string }
  readonly RevisionId: string
  readonly State: 'Active'
  readonly LastUpdateStatus: 'Successful'
  readonly PackageType: 'Zip'
  readonly Architectures: readonly string[]
  readonly EphemeralStorage: { readonly Size: number }
  readonly DeadLetterConfig?: { readonly TargetArn: string }
  readonly LoggingConfig: LoggingConfig
}

export interface LoggingConfig {
  readonly LogFormat: 'JSON' | 'Text'
  readonly LogGroup: string
  /** Only with the JSON format. */
  readonly ApplicationLogLevel?: string
  readonly SystemLogLevel?: string
}

/** One statement of a function's resource policy. */
export interface PermissionStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: Readonly<Record<string, string>> | '*'
  readonly Action: string
  readonly Resource: string
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

export interface FunctionRecord {
  readonly configuration: FunctionConfiguration
  readonly codeFolder: string
  readonly reservedConcurrency?: number
  readonly permissions: readonly PermissionStatement[]
  readonly tags: Readonly<Record<string, string>>
}
