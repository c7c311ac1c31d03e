import { z } from 'zod'
import { AwsError, notImplemented } from '#local/service.ts'
import type { FunctionConfiguration, LoggingConfig } from './function-record.ts'

/** What CreateFunction and UpdateFunctionConfiguration both take. */
export const configurationSchema = z.object({
  DeadLetterConfig: z.object({ TargetArn: z.string().optional() }).optional(),
  Description: z.string().optional(),
  Environment: z.object({ Variables: z.record(z.string().regex(/^[a-zA-Z]\w*$/), z.string()).optional() }).optional(),
  EphemeralStorage: z.object({ Size: z.int().min(512).max(10_240) }).optional(),
  Handler: z.string().max(128).regex(/^\S+$/).optional(),
  LoggingConfig: z
    .object({
      ApplicationLogLevel: z.enum(['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']).optional(),
      LogFormat: z.enum(['JSON', 'Text']).optional(),
      LogGroup: z.string().optional(),
      SystemLogLevel: z.enum(['DEBUG', 'INFO', 'WARN']).optional(),
    })
    .optional(),
  MemorySize: z.int().min(128).max(10_240).optional(),
  Role: z.string().optional(),
  Runtime: z.string().optional(),
  Timeout: z.int().min(1).max(900).optional(),
  TracingConfig: z.object({ Mode: z.enum(['Active', 'PassThrough']) }).optional(),
})

/** Members of the inputs that would change what a function does, and that nothing here carries out. */
const absent = [
  'VpcConfig',
  'Layers',
  'FileSystemConfigs',
  'ImageConfig',
  'SnapStart',
  'ZipFile',
  'ImageUri',
  'Publish',
]

/** Variables that Lambda itself sets. */
const reservedVariable =
  /^(AWS_(REGION|DEFAULT_REGION|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|EXECUTION_ENV|LAMBDA_\w+)|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|TZ)$/

/** Takes new settings over into a configuration. */
export function applySettings(
  configuration: FunctionConfiguration,
  settings: z.infer<typeof configurationSchema>,
): FunctionConfiguration {
  const { Environment, LoggingConfig, DeadLetterConfig, ...plain } = settings
  for (const name of Object.keys(Environment?.Variables ?? {})) {
    if (reservedVariable.test(name)) {
      throw invalidParameter(
        `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${name}`,
      )
    }
  }
  const defined = Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined))
  return {
    ...configuration,
    ...defined,
    ...(Environment && { Environment: { Variables: Environment.Variables ?? {} } }),
    ...(DeadLetterConfig?.TargetArn && { DeadLetterConfig: { TargetArn: DeadLetterConfig.TargetArn } }),
    ...(LoggingConfig && { LoggingConfig: readLogging(configuration, LoggingConfig) }),
  }
}

function readLogging(
  { FunctionName }: FunctionConfiguration,
  wanted: NonNullable<z.infer<typeof configurationSchema>['LoggingConfig']>,
): LoggingConfig {
  const { LogFormat = 'Text', LogGroup = `/aws/lambda/${FunctionName}` } = wanted
  if (LogFormat === 'Text') {
    if (wanted.ApplicationLogLevel || wanted.SystemLogLevel)
      throw invalidParameter('Log levels need the JSON log format')
    return { LogFormat, LogGroup }
  }
  const { ApplicationLogLevel = 'INFO', SystemLogLevel = 'INFO' } = wanted
  return { LogFormat, LogGroup, ApplicationLogLevel, SystemLogLevel }
}

/** Refuses settings that nothing here carries out. */
export function refuseAbsent(input: Record<string, unknown>): void {
  const isSet = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== ''
  const named = absent.find((name) => isSet(input[name]))
  if (named) throw notImplemented(`${named} of Lambda functions`)
}

export function checkRuntime(runtime: string): void {
  if (!/^nodejs\d+\.x$/.test(runtime)) throw notImplemented(`the runtime ${runtime}`)
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message)
}
