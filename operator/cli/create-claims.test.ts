import { once } from 'node:events'
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TestAnswer, TestRequest } from '../test-api.ts'
import { makeFolder, runCommand, startCli, startCliApi } from '../test-cli.ts'

const header = 'thing,claimId,expiresAt,claimUrl'

/** Claims as the API makes them, each with a secret of its own. */
function createClaimApi({ refuse = [] as readonly string[] } = {}) {
  let made = 0
  return (request: TestRequest): TestAnswer => {
    const { thingName } = JSON.parse(request.body)
    if (refuse.includes(thingName)) {
      const problem = { type: 'about:blank', title: 'x', status: 409, code: 'THING_HELD', requestId: 'r-1' }
      return { status: 409, body: { ...problem, detail: `${thingName} is held`, hint: 'say --replace' } }
    }
    const claimId = String(++made).padStart(16, '0')
    const claimUrl = `https://api.example/v1/certificates?thing=${thingName}#tdc_${claimId}_${'5'.repeat(64)}`
    return { status: 201, body: { claimId, thingName, expiresAt: '2026-03-02T00:00:00.000Z', claimUrl } }
  }
}

function bodiesOf(requests: readonly TestRequest[]) {
  return requests.map(({ body }) => JSON.parse(body)).toSorted((a, b) => a.thingName.localeCompare(b.thingName))
}

async function thingsIn(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).split('\r\n')
  expect(lines[0]).toBe(header)
  expect(lines.at(-1)).toBe('')
  return lines
    .slice(1, -1)
    .map((line) => line.split(',')[0] ?? '')
    .toSorted()
}

test('--count makes a claim for each number, into a private file, and says no secret', async () => {
  const { env, requests } = await startCliApi(createClaimApi())
  const out = join(await makeFolder(), 'meters.csv')
  const args = ['claims', 'create', '--thing', 'meter-##', '--count', '20', '--ttl', '7d', '--out', out]
  const { stdout, stderr, code } = await runCommand(args, env)
  expect({ stdout, stderr, code }).toEqual({
    stdout: '',
    stderr: `20 claims made, 0 were there; ${out} holds them: keep it secret\n`,
    code: 0,
  })
  expect(await thingsIn(out)).toEqual(
    Array.from({ length: 20 }, (_, index) => `meter-${String(index + 1).padStart(2, '0')}`),
  )
  expect((await stat(out)).mode & 0o777).toBe(0o600)
  expect(bodiesOf(requests)[0]).toMatchObject({ thingName: 'meter-01', ttlSeconds: 604_800 })
})

test('--from takes each row as it says, and from the options what it leaves open', async () => {
  const { env, requests } = await startCliApi(createClaimApi())
  const folder = await makeFolder()
  const from = join(folder, 'devices.csv')
  await writeFile(
    from,
    '\ufeffthing,type,ttl,attribute:site,attribute:line\r\npress-1,Press,2h,"oslo,1",\r\n\r\n-2,,,,7\r\n',
  )
  const args = ['--from', from, '--type', 'Meter', '--group', 'north', '--attribute', 'site=bergen', '--out', '-']
  const { stdout, code } = await runCommand(['claims', 'create', ...args], env)
  expect(code).toBe(0)
  expect(stdout.split('\r\n')).toHaveLength(4)
  expect(bodiesOf(requests)).toEqual([
    {
      thingName: '-2',
      thingTypeName: 'Meter',
      thingGroupName: 'north',
      attributes: { site: 'bergen', line: '7' },
      ttlSeconds: 86_400,
      replace: false,
    },
    {
      thingName: 'press-1',
      thingTypeName: 'Press',
      thingGroupName: 'north',
      attributes: { site: 'oslo,1' },
      ttlSeconds: 7200,
      replace: false,
    },
  ])
})

test('every fault of a file is named with line and column before anything is asked for', async () => {
  const { env, requests } = await startCliApi(createClaimApi())
  const folder = await makeFolder()
  const from = join(folder, 'devices.csv')
  const rows = ['press-1,1d,oslo,', 'press 2,1d,oslo,', 'press-1,1d,oslo,', 'press-4,soon,oslo,', ',10s,os lo,x,y']
  await writeFile(from, ['thing,ttl,attribute:site,colour', ...rows].join('\n'))
  const { stderr, code } = await runCommand(['claims', 'create', '--from', from, '--out', join(folder, 'out.csv')], env)
  expect(stderr.split('\n').map((line) => line.replace(/(column [\w:]+): .*/, '$1'))).toEqual([
    `CSV_INVALID: nothing was done, as ${from} is not right:`,
    '  line 1, column colour',
    '  line 3, column thing',
    '  line 4, column thing',
    '  line 5, column ttl',
    '  line 6: 5 cells, and the header has 4',
    '  line 6, column thing',
    '  line 6, column attribute:site',
    '  line 6, column ttl',
    '',
  ])
  expect(code).toBe(252)
  expect(requests).toEqual([])
})

test('a file that is none, or no CSV, is told with its reason', async () => {
  const { env } = await startCliApi(createClaimApi())
  const folder = await makeFolder()
  const out = ['--out', join(folder, 'out.csv')]
  const missing = await runCommand(['claims', 'create', '--from', join(folder, 'none.csv'), ...out], env)
  expect(missing.stderr).toMatch(/^FILE_UNREADABLE: .*none\.csv cannot be read: ENOENT/)
  const broken = join(folder, 'broken.csv')
  await writeFile(broken, 'thing\n"press')
  const { stderr } = await runCommand(['claims', 'create', '--from', broken, ...out], env)
  expect(stderr).toMatch(/^CSV_INVALID: .*\n {2}line 2: Quote Not Closed/)
})

test('one that fails does not stop the others, and the next run makes it alone', async () => {
  const refusing = await startCliApi(createClaimApi({ refuse: ['m3'] }))
  const out = join(await makeFolder(), 'claims.csv')
  const args = ['claims', 'create', '--thing', 'm#', '--count', '5', '--out', out]
  const first = await runCommand(args, refusing.env)
  expect(first.stderr).toContain('4 claims made, 0 were there')
  expect(first.stderr).toContain('\n  m3: THING_HELD: m3 is held (say --replace)\n')
  expect(first.code).toBe(1)

  // What a kill leaves of a line is no claim.
  await appendFile(out, 'm3,0000')
  const { env, requests } = await startCliApi(createClaimApi())
  const second = await runCommand(args, env)
  expect(second).toMatchObject({ code: 0, stdout: '' })
  expect(second.stderr).toContain('1 claims made, 4 were there')
  expect(bodiesOf(requests).map(({ thingName }) => thingName)).toEqual(['m3'])
  expect(await thingsIn(out)).toEqual(['m1', 'm2', 'm3', 'm4', 'm5'])
})

test('killed at any moment, it goes on with whole lines', async () => {
  const out = join(await makeFolder(), 'claims.csv')
  const args = ['claims', 'create', '--thing', '-#####', '--count', '300', '--out', out]
  let killAfter = 120
  let kill = () => {}
  const answer = createClaimApi()
  const { env, requests } = await startCliApi((request) => {
    if (--killAfter === 0) kill()
    return answer(request)
  })
  const child = await startCli(args, env)
  kill = () => void child.kill('SIGKILL')
  await once(child, 'close')
  const before = requests.length
  expect(before).toBeLessThan(300)
  const { code } = await runCommand(args, env)
  expect(code).toBe(0)
  // At most the claims that were on their way were asked for again.
  expect(requests.length).toBeLessThanOrEqual(300 + 16)
  expect(new Set(await thingsIn(out)).size).toBe(300)
  expect(await thingsIn(out)).toHaveLength(300)
})

test('a file of something else is left alone', async () => {
  const { env, requests } = await startCliApi(createClaimApi())
  const out = join(await makeFolder(), 'notes.txt')
  await writeFile(out, 'my notes\n')
  const { stderr } = await runCommand(['claims', 'create', '--thing', 'm#', '--count', '2', '--out', out], env)
  expect(stderr).toMatch(/^FILE_UNWRITABLE: .*holds something else\n {2}hint: /)
  expect(await readFile(out, 'utf8')).toBe('my notes\n')
  expect(requests).toEqual([])
})
