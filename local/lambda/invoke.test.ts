import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { grantLogs, startLambda } from './lambda.fixture.ts'

test('a function has its own environment and nothing of its parent', async () => {
  process.env.SECRET_OF_THE_PARENT = 'yes'
  const cloud = await startLambda({ endpoint: () => 'http://127.0.0.1:4566' })
  await cloud.createFunction({
    name: 'environment',
    source: 'exports.handler = async () => process.env',
    Environment: { Variables: { TABLE: 'things' } },
    MemorySize: 256,
  })
  const { answer } = await cloud.invoke('environment')
  expect(answer).toMatchObject({
    TABLE: 'things',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
    AWS_LAMBDA_FUNCTION_NAME: 'environment',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_ACCESS_KEY_ID: expect.stringMatching(/^ASIA/),
    AWS_SESSION_TOKEN: expect.any(String),
  })
  expect(answer).not.toHaveProperty('SECRET_OF_THE_PARENT')
  expect(answer).not.toHaveProperty('HOME')
  expect(answer).not.toHaveProperty('NODE_COMPILE_CACHE')
})

test('the context tells the request, the function and the time that is left', async () => {
  const cloud = await startLambda()
  await cloud.createFunction({
    name: 'context',
    source: 'exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() })',
    Timeout: 5,
  })
  const { answer } = await cloud.invoke('context')
  expect(answer).toMatchObject({
    functionName: 'context',
    functionVersion: '$LATEST',
    memoryLimitInMB: '128',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:context',
    awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    logGroupName: '/aws/lambda/context',
  })
  expect(answer.left).toBeGreaterThan(3000)
  expect(answer.left).toBeLessThanOrEqual(5000)
})

test('a process is used again, and a crash costs only its own event', async () => {
  const cloud = await startLambda()
  await cloud.createFunction({
    name: 'counter',
    source: `let count = 0
      exports.handler = async (event) => {
        if (event.crash) process.exit(7)
        if (event.astray) setTimeout(() => { throw new TypeError('astray') })
        if (event.astray) await new Promise(() => {})
        return ++count
      }`,
  })
  expect((await cloud.invoke('counter')).answer).toBe(1)
  expect((await cloud.invoke('counter')).answer).toBe(2)
  const crash = await cloud.invoke('counter', { crash: true })
  expect(crash.error).toBe('Unhandled')
  expect(crash.answer.errorType).toBe('Runtime.ExitError')
  expect(crash.answer.errorMessage).toMatch(/Error: Runtime exited with error: exit status 7$/)
  expect((await cloud.invoke('counter')).answer).toBe(1)
  expect((await cloud.invoke('counter', { astray: true })).answer).toMatchObject({
    errorType: 'TypeError',
    errorMessage: 'astray',
  })
  expect((await cloud.invoke('counter')).answer).toBe(1)
})

test('a function that does not end in time is stopped', async () => {
  const cloud = await startLambda()
  await cloud.createFunction({
    name: 'endless',
    source: 'exports.handler = async (event) => { while (event.spin); return "done" }',
    Timeout: 1,
  })
  const { error, answer } = await cloud.invoke('endless', { spin: true })
  expect(error).toBe('Unhandled')
  expect(answer.errorType).toBe('Sandbox.Timedout')
  expect(answer.errorMessage).toMatch(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1.00 seconds$/)
  expect((await cloud.invoke('endless')).answer).toBe('done')
})

test.each([
  ['a thrown error', 'exports.handler = async () => { throw new RangeError("no") }', 'RangeError'],
  ['a missing export', 'exports.other = 1', 'Runtime.HandlerNotFound'],
  ['bad syntax', 'exports.handler = async ( => 1', 'Runtime.UserCodeSyntaxError'],
  ['a missing module', 'require("not-there")', 'Runtime.ImportModuleError'],
  [
    'a callback handler',
    'exports.handler = (event, context, callback) => callback()',
    'Runtime.CallbackHandlerDeprecated',
  ],
  ['an answer that is no JSON', 'exports.handler = async () => 1n', 'Runtime.MarshalError'],
])('%s is an error of the function', async (_what, source, errorType) => {
  const cloud = await startLambda()
  await cloud.createFunction({ name: 'faulty', source })
  const { error, answer } = await cloud.invoke('faulty')
  expect(error).toBe('Unhandled')
  expect(answer.errorType).toBe(errorType)
})

test('older runtimes take a callback, and ES modules are loaded', async () => {
  const cloud = await startLambda()
  await cloud.createFunction({
    name: 'callback',
    Runtime: 'nodejs22.x',
    source: 'exports.handler = (event, context, callback) => { setTimeout(() => callback(null, event.x + 1)) }',
  })
  expect((await cloud.invoke('callback', { x: 1 })).answer).toBe(2)
  await cloud.createFunction({ name: 'module', source: '', Handler: 'src/main.app.handle' })
  mkdirSync(join(cloud.folder, 'code/module/src'))
  writeFileSync(
    join(cloud.folder, 'code/module/src/main.mjs'),
    'await 1; export const app = { handle: async () => import.meta.url }',
  )
  expect((await cloud.invoke('module')).answer).toMatch(/src\/main\.mjs$/)
})

test('events that come at once run at once, up to the reserved concurrency', async () => {
  const cloud = await startLambda()
  await cloud.createFunction({
    name: 'slow',
    source: 'exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return process.pid }',
  })
  const pids = (await Promise.all([1, 2, 3].map(() => cloud.invoke('slow')))).map(({ answer }) => answer)
  expect(new Set(pids).size).toBe(3)
  await cloud.call('PutFunctionConcurrency', { FunctionName: 'slow', ReservedConcurrentExecutions: 1 })
  const first = cloud.invoke('slow')
  await expect(cloud.invoke('slow')).rejects.toMatchObject({ code: 'TooManyRequestsException', status: 429 })
  expect((await first).error).toBeUndefined()
})

test('idle processes end, and new code needs new processes', async () => {
  const cloud = await startLambda({ idleMs: 50 })
  await cloud.createFunction({ name: 'pid', source: 'exports.handler = async () => process.pid' })
  const { answer: pid } = await cloud.invoke('pid')
  await expect.poll(() => isRunning(pid)).toBe(false)
  const { answer: second } = await cloud.invoke('pid')
  mkdirSync(join(cloud.folder, 'code/new'))
  writeFileSync(join(cloud.folder, 'code/new/index.js'), 'exports.handler = async () => "new"')
  await cloud.call('UpdateFunctionCode', { FunctionName: 'pid', S3Bucket: 'code', S3Key: 'new' })
  expect(second).not.toBe(pid)
  expect((await cloud.invoke('pid')).answer).toBe('new')
})

test('credentials are renewed before they end', async () => {
  let now = Date.now()
  const cloud = await startLambda({ clock: () => new Date(now) })
  await cloud.createFunction({ name: 'key', source: 'exports.handler = async () => process.env.AWS_ACCESS_KEY_ID' })
  const { answer: first } = await cloud.invoke('key')
  expect((await cloud.invoke('key')).answer).toBe(first)
  now += 3_590_000
  expect((await cloud.invoke('key')).answer).not.toBe(first)
})

test('what a function writes is kept only if its role may write logs', async () => {
  const cloud = await startLambda()
  const source = 'exports.handler = async () => { console.log("hello", { x: 1 }); console.error("two\\nlines") }'
  await cloud.createFunction({ name: 'mute', source })
  await cloud.createFunction({ name: 'loud', source, statements: [grantLogs] })
  await cloud.createFunction({
    name: 'json',
    source,
    statements: [grantLogs],
    LoggingConfig: { LogFormat: 'JSON', LogGroup: 'mine', ApplicationLogLevel: 'ERROR' },
  })
  for (const name of ['mute', 'mute', 'loud', 'json']) await cloud.invoke(name)
  await cloud.close()
  const refusals = cloud.lines.filter((line) => line.startsWith('mute writes no log'))
  expect(refusals).toHaveLength(1)
  expect(refusals[0]).toContain('logs:CreateLogGroup')
  const read = (name: string) => readFileSync(join(cloud.folder, 'logs', `${name}.log`), 'utf8')
  expect(() => read('mute')).toThrow('ENOENT')
  expect(read('loud')).toMatch(/Z\t[0-9a-f-]{36}\tINFO\thello \{ x: 1 \}\n/)
  expect(read('loud')).toMatch(/\tERROR\ttwo\nlines\n/)
  expect(read('json').trim().split('\n')).toHaveLength(1)
  expect(JSON.parse(read('json'))).toMatchObject({ level: 'ERROR', message: 'two\nlines' })
})

test('a caller needs lambda:InvokeFunction, from its own policies or the function’s', async () => {
  const cloud = await startLambda()
  await cloud.createFunction({ name: 'guarded', source: 'exports.handler = async () => 1' })
  const service = { kind: 'service', arn: 'apigateway.amazonaws.com', accountId: '000000000000', userId: 'x' } as const
  const sourceArn = 'arn:aws:execute-api:us-east-1:000000000000:api/$default/GET/x'
  const call = () => {
    const caller = { ...service, context: { 'aws:SourceArn': sourceArn } }
    const authorize = (action: string, resource: string, options = {}) =>
      cloud.iam.authorizer.require(caller, action, resource, options)
    return { ...cloud.rootCall(), caller, authorize }
  }
  const invoke = async () => cloud.lambda.operations.Invoke?.({ FunctionName: 'guarded' }, call())
  await expect(invoke()).rejects.toMatchObject({ status: 403 })
  const permission = {
    FunctionName: 'guarded',
    StatementId: 'api',
    Action: 'lambda:InvokeFunction',
    Principal: 'apigateway.amazonaws.com',
  }
  await cloud.call('AddPermission', {
    ...permission,
    SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:api/*/*/x',
  })
  await expect(invoke()).resolves.toMatchObject({ StatusCode: 200 })
  await cloud.call('RemovePermission', { FunctionName: 'guarded', StatementId: 'api' })
  await cloud.call('AddPermission', { ...permission, SourceArn: 'arn:aws:execute-api:us-east-1:000000000000:other/*' })
  await expect(invoke()).rejects.toMatchObject({ status: 403 })
})

test('an accepted event is tried three times, and then goes to the dead-letter queue', async () => {
  const cloud = await startLambda({ retryDelaysMs: [10, 10] })
  const { QueueUrl } = await cloud.callSqs('CreateQueue', { QueueName: 'dead' })
  const queueArn = 'arn:aws:sqs:us-east-1:000000000000:dead'
  await cloud.createFunction({
    name: 'failing',
    source: 'exports.handler = async () => { throw new Error("never") }',
    statements: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn }],
    DeadLetterConfig: { TargetArn: queueArn },
  })
  const input = { FunctionName: 'failing', InvocationType: 'Event', Payload: Buffer.from('{"n":1}') }
  expect(await cloud.call('Invoke', input)).toEqual({ StatusCode: 202 })
  const { Messages } = await cloud.callSqs('ReceiveMessage', {
    QueueUrl,
    WaitTimeSeconds: 20,
    MessageAttributeNames: ['All'],
  })
  expect(Messages[0].Body).toBe('{"n":1}')
  expect(Messages[0].MessageAttributes.ErrorMessage.StringValue).toBe('Error: never')
  expect(cloud.lines.join()).toContain('given up after 3 attempts')
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
