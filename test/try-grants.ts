import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type FunctionName, functions } from '../infra/functions.ts'
import { synthesize } from '../start/synthesize.ts'
import { deriveAssembly, readTemplate, type Template } from './derive-assembly.ts'

/** One action on one resource that the role of a function may do. */
interface Grant {
  readonly policy: string
  readonly statement: number
  readonly action: string
  readonly resource: number
}

interface Statement {
  Action: string | string[]
  Resource: unknown
}

const root = join(import.meta.dirname, '..')
const testFiles = [
  'story',
  'vending',
  'registration',
  'recording',
  'redeploy',
  'quarantine',
  'certificate-life',
  'ca-certificates',
  'sweep',
  'explain',
  'secrets',
  'upload-urls',
  'upload-urls-mqtt',
  'upload-urls-limits',
  'upload-log',
]
/** Who will most likely miss a grant is asked first; only one reads the functions' logs. */
const firstAsked: Readonly<Record<FunctionName, readonly string[]>> = {
  'fleet-ca': ['redeploy', 'story'],
  'vend-certificate': ['vending', 'certificate-life'],
  'register-certificate': ['registration', 'quarantine'],
  'issue-upload': ['upload-urls', 'upload-urls-mqtt'],
  'sweep-uploads': ['upload-urls-limits'],
  'record-upload': ['upload-log', 'recording', 'upload-urls'],
  'operator-api': ['upload-log', 'quarantine', 'recording', 'ca-certificates'],
  'manage-certificates': ['certificate-life', 'quarantine'],
  'manage-cas': ['ca-certificates'],
  'sweep-certificates': ['sweep'],
  explain: ['explain'],
}
/** A test starts processes of its own: two at a time fill two cores. */
const lanes = 2

/**
 * Takes each grant of each function away, one at a time, and runs the end-to-end tests on what is left. Writes which test
 * noticed into docs/grants.md; exits with 1 when one was not missed.
 */
async function tryGrants(): Promise<void> {
  const assembly = await synthesize()
  const template = await readTemplate(assembly)
  const grants = listGrants(template)
  const rows: string[] = []
  let unmissed = 0
  let next = 0

  async function tryOn(): Promise<void> {
    for (let index = next++; index < grants.length; index = next++) {
      const grant = grants[index]
      if (!grant) return
      const derived = await deriveAssembly(assembly, (changed) => withdraw(changed, grant))
      const noticed = await findFailingTest(derived, grant)
      await rm(derived, { recursive: true })
      if (noticed === undefined) unmissed++
      const what = `| ${functionOf(grant)} | \`${grant.action}\` | ${describeResource(template, grant)} |`
      rows[index] = `${what} ${noticed ?? '**none**'} |`
      process.stdout.write(`${index + 1}/${grants.length} ${rows[index]}\n`)
      // It takes long: what is known is kept when the run is broken off.
      await writeFile(join(root, 'docs/grants.md'), formatPage(rows.filter(Boolean), grants.length))
    }
  }

  await Promise.all(Array.from({ length: lanes }, tryOn))
  process.exitCode = unmissed === 0 ? 0 : 1
}

function statementsOf({ Resources }: Template, policy: string): Statement[] {
  const document = Resources[policy]?.Properties.PolicyDocument as { Statement: Statement[] }
  return document.Statement
}

function listGrants(template: Template): Grant[] {
  return Object.entries(template.Resources)
    .filter(([policy, { Type }]) => Type === 'AWS::IAM::Policy' && functionOf({ policy }) !== undefined)
    .flatMap(([policy]) =>
      statementsOf(template, policy).flatMap(({ Action, Resource }, statement) =>
        [Action]
          .flat()
          .flatMap((action) => listOf(Resource).map((_, resource) => ({ policy, statement, action, resource }))),
      ),
    )
}

/** Splits the statement into what is left of it. */
function withdraw(template: Template, grant: Grant): void {
  const statements = statementsOf(template, grant.policy)
  const [statement] = statements.splice(grant.statement, 1)
  if (!statement) throw new Error(`${grant.policy} has no statement ${grant.statement}`)
  const otherActions = [statement.Action].flat().filter((action) => action !== grant.action)
  const otherResources = listOf(statement.Resource).filter((_, index) => index !== grant.resource)
  if (otherActions.length > 0) statements.push({ ...statement, Action: otherActions })
  if (otherResources.length > 0) statements.push({ ...statement, Action: grant.action, Resource: otherResources })
}

async function findFailingTest(assembly: string, grant: Grant): Promise<string | undefined> {
  const report = `${assembly}.json`
  const first = grant.action.startsWith('logs:') ? ['secrets'] : firstAsked[functionOf(grant) ?? 'explain']
  for (const name of new Set([...first, ...testFiles])) {
    const file = `test/${name}.test.ts`
    const args = ['run', file, '--bail=1', '--reporter=json', `--outputFile=${report}`]
    const child = spawn(join(root, 'node_modules/.bin/vitest'), args, {
      cwd: root,
      env: { ...process.env, THINGDROP_ASSEMBLY: assembly },
      stdio: 'ignore',
    })
    await once(child, 'close')
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report
    await rm(report)
    for (const { status, assertionResults } of testResults) {
      const failed = assertionResults.find((result) => result.status === 'failed')
      if (failed) return `${file}: ${failed.title}`
      if (status === 'failed') return `${file}: the stack is not deployed`
    }
  }
  return undefined
}

interface Report {
  readonly testResults: readonly {
    readonly status: string
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[]
  }[]
}

/** CDK names a role's policy after the construct, without its hyphens. */
function functionOf({ policy }: Pick<Grant, 'policy'>): FunctionName | undefined {
  const names = Object.keys(functions) as FunctionName[]
  return names.find((name) => policy.includes(`${name.replaceAll('-', '')}role`))
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

function describeResource(template: Template, { policy, statement, resource }: Grant): string {
  const value = listOf(statementsOf(template, policy)[statement]?.Resource)[resource]
  const named = textsOf(value).filter((text) => !/^(Arn|arn:|AWS::.*|:[a-z]*:|)$/.test(text))
  return `\`${named.map((text) => text.replace(/[0-9A-F]{8}$/, '')).join('')}\``
}

/** The texts in an intrinsic: names of resources, and what is joined to them. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : []
}

function formatPage(rows: readonly string[], total: number): string {
  const unasked = rows.length < total ? `\n${rows.length} of ${total} grants were asked; the run was broken off.\n` : ''
  return `# Each grant, and the test that misses it

\`npm run test:grants\` takes each grant of each function's role away, one at a time, deploys what is left to the embedded cloud and runs the
end-to-end tests. This table is what it wrote: the first test that failed.
${unasked}
| function | action | on | noticed by |
|---|---|---|---|
${rows.join('\n')}
`
}

await tryGrants()
