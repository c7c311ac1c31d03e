import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Cloud, type CloudOptions, startCloud } from './cloud.ts'
import type { ProgressEvent } from './deploy/stack-deployer.ts'

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cloud-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** A cloud that ends with the test. */
export async function openCloud(options: Partial<CloudOptions> = {}): Promise<Cloud & { readonly lines: string[] }> {
  const lines: string[] = []
  const stateDir = options.stateDir ?? makeFolder()
  const cloud = await startCloud({ log: (line) => void lines.push(line), ...options, stateDir })
  let closed: Promise<void> | undefined
  const close = () => {
    closed ??= cloud.close()
    return closed
  }
  onTestFinished(close)
  return { ...cloud, close, lines }
}

/** A cloud assembly as CDK writes it: one stack, and the folders of its functions' code by name. */
export function writeAssembly(template: object, sources: Readonly<Record<string, string>> = {}): string {
  const folder = makeFolder()
  const files = Object.fromEntries(
    Object.entries(sources).map(([name, source]) => {
      mkdirSync(join(folder, `asset.${name}`))
      writeFileSync(join(folder, `asset.${name}`, 'index.js'), source)
      const destinations = { here: { bucketName: 'assets', objectKey: `${name}.zip` } }
      return [name, { source: { path: `asset.${name}`, packaging: 'zip' }, destinations }]
    }),
  )
  const artifacts = {
    Stack: { type: 'aws:cloudformation:stack', properties: { templateFile: 'Stack.template.json' } },
    'Stack.assets': { type: 'cdk:asset-manifest', properties: { file: 'Stack.assets.json' } },
  }
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ version: '1', artifacts }))
  writeFileSync(join(folder, 'Stack.template.json'), JSON.stringify(template))
  writeFileSync(join(folder, 'Stack.assets.json'), JSON.stringify({ version: '1', files, dockerImages: {} }))
  return folder
}

/** Deploys resources as the stack `Stack` and tells what happened to each. */
export async function deploy(cloud: Cloud, template: object, sources?: Readonly<Record<string, string>>) {
  const events: ProgressEvent[] = []
  const assembly = writeAssembly(template, sources)
  const stack = await cloud.deploy({ assembly, onProgress: (event) => events.push(event) })
  const outputs = Object.fromEntries(stack.outputs.map(({ key, value }) => [key, value]))
  const done = events.filter(({ status }) => !status.endsWith('IN_PROGRESS'))
  return { stack, outputs, did: done.map(({ logicalId, status }) => `${logicalId} ${status}`), events }
}

/** A function, its role, and what the role may do. */
export function functionResources(
  name: string,
  asset: string,
  statements: readonly object[] = [],
  Variables: Readonly<Record<string, unknown>> = {},
) {
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const document = (list: readonly object[]) => ({ Version: '2012-10-17', Statement: list })
  return {
    [`${name}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: document([trust]),
        ...(statements.length > 0 && { Policies: [{ PolicyName: 'own', PolicyDocument: document(statements) }] }),
      },
    },
    [name]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'assets', S3Key: `${asset}.zip` },
        Environment: { Variables },
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
        Runtime: 'nodejs24.x',
        Timeout: 10,
      },
    },
  }
}
