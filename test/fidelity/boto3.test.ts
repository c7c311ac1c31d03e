import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploy, functionResources } from '#local/cloud.fixture.ts'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'
import { hasPythonModule } from './has-python-module.ts'

const hasBoto3 = hasPythonModule('boto3')
let foreign: ForeignCloud

beforeAll(async () => {
  foreign = await startForeignCloud()
})
afterAll(() => foreign?.close())

/** Runs the script's checks; each of them must have come through. */
async function expectChecks(script: string, extra: NodeJS.ProcessEnv = {}): Promise<void> {
  const stdout = await foreign.run('python3', [join(import.meta.dirname, 'python', `${script}_checks.py`)], extra)
  const results: Record<string, string | null> = JSON.parse(stdout)
  expect(results).toEqual(Object.fromEntries(Object.keys(results).map((name) => [name, null])))
  expect(Object.keys(results).length).toBeGreaterThan(2)
}

test.skipIf(!hasBoto3).for(['s3', 's3_upload', 'sqs', 'dynamodb', 'kms', 'iam', 'iot'])(
  'boto3 finds %s as AWS has it (needs boto3)',
  { timeout: 90_000 },
  (script) => expectChecks(script),
)

test.skipIf(!hasBoto3)('boto3 finds lambda and logs as AWS has them (needs boto3)', { timeout: 90_000 }, async () => {
  const source = `exports.handler = async ({ n, fail }) => {
    if (fail) throw new Error(fail)
    return { n: n + Number(process.env.STEP ?? 1) }
  }`
  const Resources = functionResources('Adder', 'adder')
  const Outputs = { Name: { Value: { Ref: 'Adder' } } }
  const { outputs } = await deploy(foreign.cloud, { Resources, Outputs }, { adder: source })
  await expectChecks('lambda', { CLOUD_FUNCTION: outputs.Name ?? '' })
})
