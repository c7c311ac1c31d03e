import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { routes } from '#contract/api.ts'
import { functions } from '../infra/functions.ts'
import { synthesize } from '../start/synthesize.ts'
import { hasProgram } from './has-program.ts'

const run = promisify(execFile)
const templateFile = join(await synthesize(), 'Thingdrop.template.json')

interface Resource {
  readonly Type: string
  readonly Properties: Record<string, unknown>
  readonly DeletionPolicy?: string
}
const { Resources } = JSON.parse(await readFile(templateFile, 'utf8')) as { Resources: Record<string, Resource> }
const resourcesOf = (type: string) => Object.values(Resources).filter((resource) => resource.Type === type)

test('synthesis needs neither credentials nor an account', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-synth-'))
  try {
    const env = { PATH: process.env.PATH ?? '', HOME: folder, CDK_OUTDIR: folder }
    await run(process.execPath, ['infra/app.ts'], { env, cwd: join(import.meta.dirname, '..') })
    expect(await readFile(join(folder, 'Thingdrop.template.json'), 'utf8')).toBe(await readFile(templateFile, 'utf8'))
  } finally {
    await rm(folder, { recursive: true })
  }
}, 180_000)

test.skipIf(!hasProgram('cfn-lint'))(
  'cfn-lint finds no error (needs cfn-lint)',
  async () => {
    // W3005: CDK writes dependencies that a GetAtt implies already.
    const { stdout } = await run('cfn-lint', ['--ignore-checks', 'W3005', '--', templateFile])
    expect(stdout).toBe('')
  },
  180_000,
)

test('what cannot be made again outlives the stack', () => {
  const kept = ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key'].flatMap(resourcesOf)
  expect(kept).toHaveLength(4)
  for (const resource of kept) expect(resource.DeletionPolicy, resource.Type).toBe('Retain')
})

test('every function is arm64, Node 24, and no role has a managed policy', () => {
  const lambdas = resourcesOf('AWS::Lambda::Function')
  expect(lambdas).toHaveLength(Object.keys(functions).length)
  for (const { Properties } of lambdas) {
    expect(Properties).toMatchObject({ Architectures: ['arm64'], Runtime: 'nodejs24.x' })
  }
  for (const { Properties } of resourcesOf('AWS::IAM::Role')) expect(Properties.ManagedPolicyArns).toBeUndefined()
})

test('a route without IAM is one whose body carries a claim', () => {
  const open = resourcesOf('AWS::ApiGatewayV2::Route').filter(
    (route) => route.Properties.AuthorizationType !== 'AWS_IAM',
  )
  expect(open.map((route) => route.Properties.RouteKey)).toEqual([
    `${routes.createCertificate.method} ${routes.createCertificate.path}`,
  ])
})

test('every queue has a dead-letter queue, and both ends answer with partial batches', () => {
  const sources = resourcesOf('AWS::SQS::Queue').filter((queue) => queue.Properties.RedrivePolicy)
  expect(sources).toHaveLength(2)
  for (const { Properties } of resourcesOf('AWS::Lambda::EventSourceMapping')) {
    expect(Properties.FunctionResponseTypes).toEqual(['ReportBatchItemFailures'])
  }
})
