import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStacksCommand,
} from '@aws-sdk/client-cloudformation'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { expect, onTestFinished, test } from 'vitest'
import { deploy, functionResources, makeFolder, openCloud, writeAssembly } from './cloud.fixture.ts'
import type { Cloud } from './cloud.ts'

const connection = ({ endpoints, region, operatorCredentials }: Cloud) => ({
  endpoint: endpoints.gateway,
  region,
  credentials: operatorCredentials,
})

test('a folder has one cloud at a time, and its ports are kept', async () => {
  const stateDir = makeFolder()
  const first = await openCloud({ stateDir })
  await expect(openCloud({ stateDir })).rejects.toThrow(`in use by the embedded cloud of process ${process.pid}`)
  await first.close()
  const second = await openCloud({ stateDir })
  expect(second.endpoints).toEqual(first.endpoints)
  expect(second.operatorCredentials).toEqual(first.operatorCredentials)
})

test('a folder stays the account and the region that it was', async () => {
  const stateDir = makeFolder()
  const identity = { accountId: '123456789012', region: 'eu-west-1' }
  await (await openCloud({ stateDir, ...identity })).close()
  const message = `${stateDir} holds the account 123456789012 in eu-west-1: remove it, or take another state folder`
  await expect(openCloud({ stateDir, accountId: '210987654321' })).rejects.toThrow(message)
  await expect(openCloud({ stateDir, region: 'us-east-1' })).rejects.toThrow(message)
  expect(await openCloud({ stateDir })).toMatchObject(identity)
})

test('a port that is taken is named, and nothing is left open', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as { port: number }
  const stateDir = makeFolder()
  const message = `Port ${port} (mqtt) is in use: end what listens there, or choose another port`
  await expect(openCloud({ stateDir, ports: { mqtt: port } })).rejects.toThrow(message)
  await expect(openCloud({ stateDir })).resolves.toBeDefined()
})

test('operators reach the APIs, and read what was deployed with the CloudFormation SDK', async () => {
  const cloud = await openCloud({ accountId: '123456789012', region: 'eu-west-1' })
  const { Arn } = await new STSClient(connection(cloud)).send(new GetCallerIdentityCommand())
  expect(Arn).toBe('arn:aws:iam::123456789012:user/operator')
  const template = {
    Description: 'a test',
    Resources: { Queue: { Type: 'AWS::SQS::Queue' } },
    Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Queue', 'Arn'] }, Description: 'where events go' } },
  }
  await deploy(cloud, template)
  const cloudFormation = new CloudFormationClient(connection(cloud))
  const StackName = 'Stack'
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }))
  expect(Stacks?.[0]).toMatchObject({
    StackName,
    StackStatus: 'CREATE_COMPLETE',
    Description: 'a test',
    CreationTime: expect.any(Date),
    Outputs: [
      {
        OutputKey: 'Arn',
        OutputValue: expect.stringMatching(/^arn:aws:sqs:eu-west-1:123456789012:Stack-Queue-/),
        Description: 'where events go',
      },
    ],
  })
  const { StackResources } = await cloudFormation.send(new DescribeStackResourcesCommand({ StackName }))
  expect(StackResources?.[0]).toMatchObject({ LogicalResourceId: 'Queue', ResourceStatus: 'CREATE_COMPLETE' })
  const { TemplateBody = '' } = await cloudFormation.send(new GetTemplateCommand({ StackName }))
  expect(JSON.parse(TemplateBody)).toEqual(template)
  const { StackSummaries } = await cloudFormation.send(
    new ListStacksCommand({ StackStatusFilter: ['DELETE_COMPLETE', 'CREATE_COMPLETE'] }),
  )
  expect(StackSummaries?.map((stack) => stack.StackName)).toEqual([StackName])
  await expect(cloudFormation.send(new DescribeStacksCommand({ StackName: 'Other' }))).rejects.toThrow(
    'Stack with id Other does not exist',
  )
})

test('after a kill no process is left, and a new cloud goes on', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'killed-'))
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true, maxRetries: 3 }))
  const assembly = writeAssembly(
    { Resources: functionResources('Sleeper', 'sleeper') },
    { sleeper: 'exports.handler = async () => { await new Promise(() => {}) }' },
  )
  const program = join(stateDir, 'program.ts')
  writeFileSync(
    program,
    `import { startCloud } from ${JSON.stringify(join(import.meta.dirname, 'cloud.ts'))}
     const cloud = await startCloud({ stateDir: ${JSON.stringify(join(stateDir, 'state'))} })
     await cloud.deploy({ assembly: ${JSON.stringify(assembly)} })
     console.log('deployed')`,
  )
  const running = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: running.stdout })) if (line === 'deployed') break
  expect(processesOf(stateDir).length).toBeGreaterThan(1)
  running.kill('SIGKILL')
  await expect.poll(() => processesOf(stateDir), { timeout: 5000 }).toEqual([])
  const cloud = await openCloud({ stateDir: join(stateDir, 'state') })
  const stack = await cloud.deploy({ assembly })
  expect(stack.status).toBe('UPDATE_COMPLETE')
})

/** Processes that have the folder in their command line. */
function processesOf(folder: string): string[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
  return all.split('\n').filter((line) => line.includes(folder))
}
