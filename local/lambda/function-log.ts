import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import type { Authorizer, Caller } from '#local/service.ts'
import type { FunctionConfiguration } from './function-record.ts'
import type { createLogGroups } from './log-groups.ts'

export interface FunctionLogOptions {
  readonly folder: string
  readonly authorizer: Authorizer
  readonly groups: ReturnType<typeof createLogGroups>
  readonly log: (line: string) => void
}

/** What functions write, a file each: kept only if the function's role may write to its log group, as in AWS. */
export function createFunctionLog({ folder, authorizer, groups, log }: FunctionLogOptions) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = new Map<string, WriteStream>()
  const refused = new Set<string>()

  function findRefusal(caller: Caller, group: string, stream: string): string | undefined {
    const arn = groups.arnOf(group)
    try {
      if (!groups.exists(group)) {
        authorizer.require(caller, 'logs:CreateLogGroup', arn)
        groups.create(group)
      }
      authorizer.require(caller, 'logs:CreateLogStream', `${arn}:log-stream:${stream}`)
      authorizer.require(caller, 'logs:PutLogEvents', `${arn}:log-stream:${stream}`)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  return {
    /** The writer for one process of a function. */
    open(configuration: FunctionConfiguration, caller: Caller, stream: string): (line: string) => void {
      const { FunctionName, LoggingConfig } = configuration
      const refusal = findRefusal(caller, LoggingConfig.LogGroup, stream)
      if (refusal) {
        if (!refused.has(FunctionName)) log(`${FunctionName} writes no log: ${refusal}`)
        refused.add(FunctionName)
        return () => {}
      }
      refused.delete(FunctionName)
      let file = files.get(FunctionName)
      if (!file) {
        file = createWriteStream(join(folder, `${FunctionName}.log`), { flags: 'a', mode: 0o600 })
        files.set(FunctionName, file)
      }
      const opened = file
      return (line) => void opened.write(`${line}\n`)
    },
    async close(): Promise<void> {
      await Promise.all([...files.values()].map((file) => new Promise<void>((closed) => file.end(() => closed()))))
    },
  }
}
