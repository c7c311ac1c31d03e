import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createCall } from '#local/gateway/call.ts'
import { createIam } from '#local/iam/create-iam.ts'
import type { Call, Operations } from '#local/service.ts'
import { createSqs } from '#local/sqs/create-sqs.ts'
import { createLambda, type LambdaOptions } from './create-lambda.ts'

const accountId = '000000000000'
const region = 'us-east-1'

export interface FunctionSettings {
  readonly name: string
  /** CommonJS. */
  readonly source: string
  /** What the function's role may do. */
  readonly statements?: readonly object[]
  readonly [setting: string]: unknown
}

export type LambdaFixture = Awaited<ReturnType<typeof startLambda>>

/** Lambda with real IAM and SQS on a folder that goes with the test. */
export async function startLambda(options: Partial<LambdaOptions> & { folder?: string } = {}) {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'lambda-'))
  const lines: string[] = []
  const clock = options.clock ?? (() => new Date())
  const common = { accountId, region, clock, endpoint: () => 'http://127.0.0.1:9' }
  const iam = createIam({ ...common, folder: join(folder, 'iam') })
  const sqs = createSqs({ ...common, folder: join(folder, 'sqs') })
  const lambda = createLambda({
    ...common,
    authorizer: iam.authorizer,
    sqs: sqs.operations,
    assumeRole: (roleArn, sessionName) => iam.assumeRole({ roleArn, sessionName, principal: 'lambda.amazonaws.com' }),
    findCode: (_bucket, key) => join(folder, 'code', key),
    logFolder: join(folder, 'logs'),
    log: (line) => void lines.push(line),
    ...options,
    folder: join(folder, 'lambda'),
  })
  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await lambda.close()
    sqs.close()
    iam.close()
  }
  onTestFinished(async () => {
    await close()
    rmSync(folder, { recursive: true, force: true })
  })

  const rootCall = (): Call =>
    createCall({
      authorizer: iam.authorizer,
      caller: iam.root,
      requestId: crypto.randomUUID(),
      sourceIp: '127.0.0.1',
      context: {},
    })
  // biome-ignore lint/suspicious/noExplicitAny: outputs have the shape of the AWS API model
  const run = async (operations: Operations, operation: string, input: object): Promise<any> =>
    operations[operation]?.(input, rootCall())

  return {
    folder,
    lines,
    lambda,
    iam,
    sqs,
    close,
    rootCall,
    call: (operation: string, input: object) => run(lambda.operations, operation, input),
    callSqs: (operation: string, input: object) => run(sqs.operations, operation, input),
    callLogs: (operation: string, input: object) => run(lambda.logs.operations, operation, input),
    /** Creates a function with a role of its own and returns the role's name. */
    async createFunction({ name, source, statements = [], ...settings }: FunctionSettings): Promise<string> {
      const RoleName = `${name}-role`
      const trust = policy([
        { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ])
      const { Role } = await run(iam.operations, 'CreateRole', { RoleName, AssumeRolePolicyDocument: trust })
      if (statements.length > 0) {
        const input = { RoleName, PolicyName: 'inline', PolicyDocument: policy(statements) }
        await run(iam.operations, 'PutRolePolicy', input)
      }
      mkdirSync(join(folder, 'code', name), { recursive: true })
      writeFileSync(join(folder, 'code', name, 'index.js'), source)
      await run(lambda.operations, 'CreateFunction', {
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: Role.Arn,
        Code: { S3Bucket: 'code', S3Key: name },
        ...settings,
      })
      return RoleName
    },
    /** Invokes and parses the answer. */
    async invoke(name: string, event: unknown = {}) {
      const output = await run(lambda.operations, 'Invoke', {
        FunctionName: name,
        Payload: Buffer.from(JSON.stringify(event)),
      })
      return { error: output.FunctionError, answer: JSON.parse(Buffer.from(output.Payload).toString()) }
    },
  }
}

export const grantLogs = {
  Effect: 'Allow',
  Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: '*',
}

function policy(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}
