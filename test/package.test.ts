import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { eventually } from './eventually.ts'
import { hasProgram } from './has-program.ts'
import { startLocalProcess } from './local-process.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..')
const timeout = 120_000

describe.skipIf(!hasProgram('npm') || !hasProgram('tar'))('the package (needs npm and tar)', { timeout }, () => {
  let project: string
  const bin = (name: keyof typeof packageJson.bin) => join(project, 'node_modules/thingdrop', packageJson.bin[name])
  const local = (stateDir: string, args: readonly string[] = []) =>
    startLocalProcess(stateDir, args, [process.execPath, bin('thingdrop')])

  /** Takes a package of ours into the project, as if it was installed there. */
  async function link(name: string): Promise<void> {
    const target = join(project, 'node_modules', name)
    await mkdir(dirname(target), { recursive: true })
    await symlink(join(root, 'node_modules', name), target)
  }

  async function call(name: keyof typeof packageJson.bin, args: readonly string[], env: Record<string, string>) {
    const options = { cwd: project, env: { HOME: project, ...env } }
    return (await run(process.execPath, [bin(name), ...args], options)).stdout
  }

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), 'thingdrop-package-'))
    const unpacked = join(project, 'node_modules/thingdrop')
    await mkdir(unpacked, { recursive: true })
    // npm builds before it packs.
    await run('npm', ['pack', '--offline', '--pack-destination', project], { cwd: root })
    const tarball = join(project, `thingdrop-${packageJson.version}.tgz`)
    await run('tar', ['-xzf', tarball, '-C', unpacked, '--strip-components=1'])
    for (const name of Object.keys(packageJson.dependencies)) await link(name)
    await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  }, timeout)
  afterAll(() => rm(project, { recursive: true, force: true }))

  test('runs everything where nothing of the repository is: from a claim to the upload log', async () => {
    const stateDir = join(project, 'whole')
    const cloud = await local(stateDir)
    onTestFinished(async () => void (await cloud.stop()))
    const claim = await call('thingdrop', ['claims', 'create', '--thing', 'press-1'], cloud.environment)
    const device = {
      THINGDROP_DEVICE_DIR: join(project, 'press-1'),
      THINGDROP_CA_FILE: join(stateDir, 'iot/AmazonRootCA1.pem'),
      THINGDROP_CLAIM: claim.trim(),
      THINGDROP_RETRY_BASE_MS: '200',
    }
    expect(await call('thingdrop-device', ['enroll'], device)).toBe('enrolled as press-1\n')
    await call('thingdrop-device', ['connect'], device)
    await writeFile(join(project, 'readings.csv'), 'time,load\n')
    await call('thingdrop-device', ['upload', 'readings.csv'], device)
    const logged = await eventually('the upload in the log', async () => {
      return call('thingdrop', ['uploads', 'list', '--output', 'jsonl'], cloud.environment)
    })
    expect(JSON.parse(logged)).toMatchObject({ thingName: 'press-1', sizeBytes: 10, event: 'created' })

    const page = await readFile(join(root, 'docs/library.md'), 'utf8')
    const examples = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code)
    for (const folder of ['spool', 'more']) await mkdir(join(project, folder))
    for (const file of ['spool/a.csv', 'more/b.csv', 'more/c.csv']) await writeFile(join(project, file), file)
    const printed = await Promise.all(
      examples.map(async (code, index) => {
        const file = join(project, `example-${index}.js`)
        await writeFile(file, code)
        return (await run(process.execPath, [file], { cwd: project, env: { HOME: project, ...device } })).stdout
      }),
    )
    expect(printed).toEqual(['present: readings.csv\ninfo: sent a.csv\n', '2 sent with 3 requests\n'])
    expect(await cloud.stop()).toBe(0)
  })

  test('starts an empty cloud', async () => {
    const cloud = await local(join(project, 'empty'), ['--empty'])
    onTestFinished(async () => void (await cloud.stop()))
    await expect(call('thingdrop', ['things', 'list'], cloud.environment)).rejects.toThrow(
      'STACK_UNUSABLE: there is no stack Thingdrop in us-east-1',
    )
    expect(await cloud.stop()).toBe(0)
  })

  test('the vitest example of local/README.md runs as it stands there', async () => {
    const readme = await readFile(join(root, 'local/README.md'), 'utf8')
    const example = readme
      .split('```ts\n')
      .find((block) => block.includes("from 'thingdrop/local'"))
      ?.split('```')[0]
    await writeFile(join(project, 'example.test.ts'), example ?? '')
    for (const name of ['vitest', '@aws-sdk/client-iot']) await link(name)
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const { stdout } = await run(process.execPath, [vitest, 'run', '--root', project], {
      cwd: project,
      env: { PATH: process.env.PATH, HOME: project, NO_COLOR: '1' },
    })
    expect(stdout).toMatch(/Tests {2}1 passed \(1\)/)
  })

  test('its types hold in a strict project that checks libraries', async () => {
    const consumer = `import { createDevice, DeviceFault } from 'thingdrop/device'
import { createOperator, type Upload } from 'thingdrop/operator'
import { type Local, startLocal } from 'thingdrop/local'

const local: Local = await startLocal({ empty: true, quotas: 'aws' })
const { region, credentials } = local.client
const { uploads } = await createOperator({ apiUrl: local.endpoints.api, region, credentials: async () => credentials }).uploads.list()
export const keys: readonly string[] = uploads.map((upload: Upload) => upload.key)
export const device = createDevice({ dir: 'press-1' })
export const isFault = (error: unknown) => error instanceof DeviceFault
// @ts-expect-error: no such option
await startLocal({ emtpy: true })
`
    await writeFile(join(project, 'consumer.ts'), consumer)
    await link('@types/node')
    const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2024', types: ['node'] }
    await writeFile(
      join(project, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: options, files: ['consumer.ts'] }),
    )
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { stdout } = await run(process.execPath, [tsc, '-p', project]).catch((error) => error)
    expect(stdout).toBe('')
  })
})
