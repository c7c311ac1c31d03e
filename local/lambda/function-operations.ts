import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Call, Operations } from '#local/service.ts'
import {
  applySettings,
  checkRuntime,
  configurationSchema,
  invalidParameter,
  refuseAbsent,
} from './function-configuration.ts'
import type { FunctionConfiguration, FunctionRecord } from './function-record.ts'
import type { FunctionStore } from './function-store.ts'
import { readInput } from './read-input.ts'

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
    throw invalidParameter(
      `Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: ${S3Key} does not exist`,
    )
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
      if (!/^[\w-]{1,64}$/.test(FunctionName))
        throw invalidParameter(`FunctionName ${FunctionName} is not [a-zA-Z0-9-_]{1,64}`)
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
