import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKms } from '#local/kms/create-kms.ts'
import { createSqs } from '#local/sqs/create-sqs.ts'
import { accountId, type GatewayFixture, region, startGateway } from './gateway-fixture.ts'
import { createObjectService } from './object-service-fixture.ts'

const run = promisify(execFile)
const succeeds = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasAws = succeeds('aws', '--version')
const hasBoto3 = succeeds('python3', '-c', 'import boto3')
const hasCurl = succeeds('curl', '--aws-sigv4', 'aws:amz', '--version')

const objects = new Map<string, Buffer>()
const folder = mkdtempSync(join(tmpdir(), 'foreign-'))
const parts: { close(): void }[] = []
let fixture: GatewayFixture
let environment: NodeJS.ProcessEnv

beforeAll(async () => {
  fixture = await startGateway((at) => {
    const options = { ...at, accountId, region, clock: () => new Date() }
    const sqs = createSqs(options)
    const kms = createKms(options)
    parts.push(sqs, kms)
    return { s3: createObjectService(objects), sqs: sqs.service, kms: kms.service }
  })
  environment = {
    PATH: process.env.PATH,
    HOME: folder,
    AWS_ACCESS_KEY_ID: fixture.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: fixture.credentials.secretAccessKey,
    AWS_DEFAULT_REGION: region,
    AWS_DEFAULT_OUTPUT: 'json',
    AWS_ENDPOINT_URL: fixture.endpoint,
    AWS_MAX_ATTEMPTS: '1',
  }
})
afterAll(async () => {
  for (const part of parts) part.close()
  await fixture.stop()
  rmSync(folder, { recursive: true })
})

/** With --endpoint-url: for SQS, version 1 of the CLI does not heed AWS_ENDPOINT_URL. */
async function aws(args: readonly string[], overrides: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = { ...environment, ...overrides }
  const { stdout } = await run('aws', [...args, '--endpoint-url', fixture.endpoint], { env, cwd: folder })
  return stdout
}

test.skipIf(!hasAws)('the AWS CLI is let in by every protocol (needs the AWS CLI)', async () => {
  writeFileSync(join(folder, 'body'), 'hello from the CLI')
  const [identity, queue] = await Promise.all([
    aws(['sts', 'get-caller-identity']),
    aws(['sqs', 'create-queue', '--queue-name', 'cli', '--attributes', 'DelaySeconds=0']),
    aws(['s3api', 'put-object', '--bucket', 'b', '--key', 'cli/a (key)', '--body', 'body']),
  ])
  expect(JSON.parse(identity).Arn).toBe(`arn:aws:iam::${accountId}:user/operator`)
  expect(JSON.parse(queue).QueueUrl).toBe(`${fixture.endpoint}/${accountId}/cli`)
  expect(objects.get('/b/cli/a%20%28key%29')?.toString()).toBe('hello from the CLI')
})

test.skipIf(!hasAws)('the AWS CLI shows the refusals of a wrong secret (needs the AWS CLI)', async () => {
  const wrong = { AWS_SECRET_ACCESS_KEY: 'wrong' }
  await Promise.all([
    expect(aws(['s3api', 'put-object', '--bucket', 'b', '--key', 'k'], wrong)).rejects.toThrow(
      '(SignatureDoesNotMatch)',
    ),
    expect(aws(['kms', 'list-keys'], wrong)).rejects.toThrow('(InvalidSignatureException)'),
  ])
})

test.skipIf(!hasBoto3)('boto3 is let in, presigned URLs too (needs boto3)', async () => {
  const script = `
import boto3, urllib.request
s3 = boto3.client("s3", config=boto3.session.Config(signature_version="s3v4"))
s3.put_object(Bucket="b", Key="boto/kéy+1", Body=b"hello from boto3", Metadata={"m": "a  b"})
url = s3.generate_presigned_url("get_object", {"Bucket": "b", "Key": "boto/kéy+1"}, ExpiresIn=60)
print(urllib.request.urlopen(url).read().decode())
sqs = boto3.client("sqs")
try:
    sqs.get_queue_url(QueueName="nowhere")
except sqs.exceptions.QueueDoesNotExist as error:
    print(error.response["Error"]["Code"])
`
  const { stdout } = await run('python3', ['-c', script], { env: environment })
  expect(stdout).toBe('hello from boto3\nAWS.SimpleQueueService.NonExistentQueue\n')
})

test.skipIf(!hasCurl)('curl --aws-sigv4 is let in (needs curl with SigV4)', async () => {
  const { accessKeyId, secretAccessKey } = fixture.credentials
  const signing = ['-sS', '--aws-sigv4', `aws:amz:${region}:s3`, '--user', `${accessKeyId}:${secretAccessKey}`]
  const unsigned = ['-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD']
  await run('curl', [
    ...signing,
    ...unsigned,
    '-X',
    'PUT',
    '--data-binary',
    'hello from curl',
    `${fixture.endpoint}/b/curl`,
  ])
  const { stdout } = await run('curl', [...signing, ...unsigned, `${fixture.endpoint}/b/curl`])
  expect(stdout).toBe('hello from curl')
})
