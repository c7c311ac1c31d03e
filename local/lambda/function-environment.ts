import type { FunctionConfiguration } from './function-record.ts'

export interface SessionCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
}

export interface EnvironmentOptions {
  readonly configuration: FunctionConfiguration
  readonly credentials: SessionCredentials
  readonly codeFolder: string
  readonly region: string
  readonly endpoint: string
  readonly logStream: string
  /** Authority that signed what the embedded cloud's own TLS servers show. */
  readonly caFile: string | undefined
}

/** A function's whole environment: its variables, what Lambda sets, and where the embedded cloud is. */
export function functionEnvironment(options: EnvironmentOptions): Record<string, string> {
  const { configuration, credentials, codeFolder, region, endpoint, logStream, caFile } = options
  const { LogFormat, LogGroup, ApplicationLogLevel } = configuration.LoggingConfig
  return {
    ...configuration.Environment?.Variables,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL: endpoint,
    AWS_EXECUTION_ENV: `AWS_Lambda_${configuration.Runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: configuration.FunctionName,
    AWS_LAMBDA_FUNCTION_VERSION: configuration.Version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(configuration.MemorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: LogGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_LOG_FORMAT: LogFormat,
    ...(ApplicationLogLevel && { AWS_LAMBDA_LOG_LEVEL: ApplicationLogLevel }),
    _HANDLER: configuration.Handler,
    LAMBDA_TASK_ROOT: codeFolder,
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: ':UTC',
    ...(caFile && { NODE_EXTRA_CA_CERTS: caFile }),
  }
}
