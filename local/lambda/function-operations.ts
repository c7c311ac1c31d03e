import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AwsError, type Call, notImplemented, type Operations } from '#local/service.ts'
import type { FunctionConfiguration, FunctionRecord, LoggingConfig } from './function-record.ts'
import type { FunctionStore } from './function-store.ts'
import { readInput } from './read-input.ts'

const configurationSchema = z.object({
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

const codeSchema = z.object({ S3Bucket: z.string(), S3Key: z.string() })

const createSchema = configurationSchema.extend({
  Architectures: z.tuple([z.enum(['x86_64', 'arm64'])]).default(['x86_64']),
  Code: codeSchema,
  FunctionName: z.string(),
  Handler: z.string(),
  Role: z.string(),
  Runtime: z.string(),
  Tags: z.record(z.string(), z.string()).default({}),
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

/** What a change of its configuration may not touch is set by Lambda itself. */
const reservedVariable =
  /^(AWS_(REGION|DEFAULT_REGION|ACCESS_KEY|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|EXECUTION_ENV|LAMBDA_\w+)|_HANDLER|_X_AMZN_TRACE_ID|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR|TZ)$/

export interface FunctionOperationsOptions {
  readonly functions: FunctionStore
  readonly clock: () => Date
  readonly findCode: (bucket: string, key: string) => string | undefined
  /** The caller may hand this role to `lambda.amazonaws.com`, and the role trusts it. */
  readonly checkRole: (roleArn: string, call: Call) => void
  /** Processes of an earlier state must not take new events. */
  readonly onChange: (name: string) => void
}

export function createFunctionOperations(options: FunctionOperationsOptions): Operations {
  const { functions, clock, findCode, checkRole, onChange } = options

  function change(reference: string, action: string, call: Call, update: (found: FunctionRecord) => FunctionRecord) {
    const name = functions.parseName(reference)
    call.authorize(`lambda:${action}`, functions.arnOf(name))
    const record = update(functions.get(name))
    const configuration = { ...record.configuration, LastModified: lastModified(), RevisionId: randomUUID() }
    functions.put({ ...record, configuration })
    onChange(name)
    return configuration
  }

  function lastModified(): string {
    return clock().toISOString().replace('Z', '+0000')
  }

  function readCode({ S3Bucket, S3Key }: z.infer<typeof codeSchema>) {
    const codeFolder = findCode(S3Bucket, S3Key)
    if (codeFolder) return { codeFolder, CodeSha256: createHash('sha256').update(S3Key).digest('base64') }
    throw invalid(`Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: ${S3Key} does not exist`)
  }

  function read(reference: string, action: string, call: Call): FunctionRecord {
    call.authorize(`lambda:${action}`, functions.arnOf(functions.parseName(reference)))
    return functions.get(reference)
  }

  return {
    CreateFunction(rawInput, call): FunctionConfiguration {
      refuseAbsent({ ...rawInput, ...rawInput.Code })
      const input = readInput(createSchema, rawInput)
      const { FunctionName, Architectures, Code, Tags, ...settings } = input
      if (!/^[\w-]{1,64}$/.test(FunctionName)) throw invalid(`FunctionName ${FunctionName} is not [a-zA-Z0-9-_]{1,64}`)
      call.authorize('lambda:CreateFunction', functions.arnOf(FunctionName))
      checkRuntime(input.Runtime)
      checkRole(input.Role, call)
      const { codeFolder, CodeSha256 } = readCode(Code)
      const initial = {
        FunctionName,
        FunctionArn: functions.arnOf(FunctionName),
        Runtime: input.Runtime,
        Role: input.Role,
        Handler: input.Handler,
        CodeSize: 0,
        CodeSha256,
        Description: '',
        Timeout: 3,
        MemorySize: 128,
        LastModified: lastModified(),
        Version: '$LATEST',
        TracingConfig: { Mode: 'PassThrough' },
        RevisionId: randomUUID(),
        State: 'Active',
        LastUpdateStatus: 'Successful',
        PackageType: 'Zip',
        Architectures,
        EphemeralStorage: { Size: 512 },
        LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${FunctionName}` },
      } as const
      const configuration = applySettings(initial, settings)
      functions.create({ configuration, codeFolder, permissions: [], tags: Tags })
      onChange(FunctionName)
      return configuration
    },

    UpdateFunctionCode(rawInput, call) {
      refuseAbsent(rawInput)
      const { Architectures } = rawInput
      return change(rawInput.FunctionName, 'UpdateFunctionCode', call, (found) => {
        const { codeFolder, CodeSha256 } = readCode(readInput(codeSchema, rawInput))
        const configuration = { ...found.configuration, CodeSha256, ...(Architectures && { Architectures }) }
        return { ...found, codeFolder, configuration }
      })
    },

    UpdateFunctionConfiguration(rawInput, call) {
      refuseAbsent(rawInput)
      const settings = readInput(configurationSchema, rawInput)
      if (settings.Runtime) checkRuntime(settings.Runtime)
      return change(rawInput.FunctionName, 'UpdateFunctionConfiguration', call, (found) => {
        if (settings.Role && settings.Role !== found.configuration.Role) checkRole(settings.Role, call)
        return { ...found, configuration: applySettings(found.configuration, settings) }
      })
    },

    DeleteFunction(input, call) {
      const name = functions.parseName(input.FunctionName)
      call.authorize('lambda:DeleteFunction', functions.arnOf(name))
      functions.get(name)
      functions.delete(name)
      onChange(name)
    },

    GetFunction(input, call) {
      const { configuration, reservedConcurrency, tags, codeFolder } = read(input.FunctionName, 'GetFunction', call)
      return {
        Configuration: configuration,
        Code: { RepositoryType: 'S3', Location: `file://${codeFolder}` },
        Tags: tags,
        ...(reservedConcurrency !== undefined && {
          Concurrency: { ReservedConcurrentExecutions: reservedConcurrency },
        }),
      }
    },

    GetFunctionConfiguration: (input, call) => read(input.FunctionName, 'GetFunctionConfiguration', call).configuration,

    ListFunctions(input, call) {
      call.authorize('lambda:ListFunctions', '*')
      const limit = Math.min(input.MaxItems ?? 50, 50)
      const page = functions.list({ limit: limit + 1, ...(input.Marker && { after: input.Marker }) })
      const Functions = page.slice(0, limit).map((record) => record.configuration)
      return { Functions, ...(page.length > limit && { NextMarker: Functions.at(-1)?.FunctionName }) }
    },

    PutFunctionConcurrency(input, call) {
      const { ReservedConcurrentExecutions } = readInput(
        z.object({ ReservedConcurrentExecutions: z.int().min(0) }),
        input,
      )
      change(input.FunctionName, 'PutFunctionConcurrency', call, (found) => ({
        ...found,
        reservedConcurrency: ReservedConcurrentExecutions,
      }))
      return { ReservedConcurrentExecutions }
    },

    DeleteFunctionConcurrency(input, call) {
      change(input.FunctionName, 'DeleteFunctionConcurrency', call, ({ reservedConcurrency: _gone, ...rest }) => rest)
    },

    GetFunctionConcurrency(input, call) {
      const { reservedConcurrency } = read(input.FunctionName, 'GetFunctionConcurrency', call)
      return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency }
    },

    ListTags: (input, call) => ({ Tags: read(input.Resource, 'ListTags', call).tags }),
  }
}

function applySettings(
  configuration: FunctionConfiguration,
  settings: z.infer<typeof configurationSchema>,
): FunctionConfiguration {
  const { Environment, LoggingConfig, DeadLetterConfig, ...plain } = settings
  for (const name of Object.keys(Environment?.Variables ?? {})) {
    if (reservedVariable.test(name)) {
      throw invalid(
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
    if (wanted.ApplicationLogLevel || wanted.SystemLogLevel) throw invalid('Log levels need the JSON log format')
    return { LogFormat, LogGroup }
  }
  const { ApplicationLogLevel = 'INFO', SystemLogLevel = 'INFO' } = wanted
  return { LogFormat, LogGroup, ApplicationLogLevel, SystemLogLevel }
}

function refuseAbsent(input: Record<string, unknown>): void {
  const isSet = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false && value !== ''
  const named = absent.find((name) => isSet(input[name]))
  if (named) throw notImplemented(`${named} of Lambda functions`)
}

function checkRuntime(runtime: string): void {
  if (!/^nodejs\d+\.x$/.test(runtime)) throw notImplemented(`the runtime ${runtime}`)
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message)
}
