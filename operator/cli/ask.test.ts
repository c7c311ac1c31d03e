import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { hasProgram } from '../../test/has-program.ts'
import { startTestApi, testRegion } from '../test-api.ts'
import { makeFolder, testKeys } from '../test-cli.ts'

const cli = fileURLToPath(new URL('../../start/thingdrop.ts', import.meta.url))

/** Runs the CLI on a terminal of its own and types an answer when it is asked. */
async function runOnTerminal(args: readonly string[], apiUrl: string, typed: string): Promise<string> {
  const command = [process.execPath, cli, ...args].map((word) => `'${word}'`).join(' ')
  const home = await makeFolder()
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: home,
    env: { ...testKeys, HOME: home, PATH: process.env.PATH, AWS_REGION: testRegion, THINGDROP_API_URL: apiUrl },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    if (!shown.includes('[y/N]') && (shown + part).includes('[y/N]')) child.stdin.write(typed)
    shown += part
  })
  await once(child, 'close')
  return shown
}

test.skipIf(!hasProgram('script'))(
  'a person at a terminal is asked, and nothing is done without a yes (needs script)',
  async () => {
    const { url, requests } = await startTestApi(() => ({ status: 200, body: { thingName: 'press-1', revoked: [] } }))
    const remove = ['things', 'delete', 'press-1']
    for (const refusal of ['n\n', '\u0004']) {
      const shown = await runOnTerminal(remove, url, refusal)
      expect(shown).toContain('Its files and its log stay.\r\nGo on? [y/N] ')
      expect(shown).toContain('NOT_CONFIRMED')
    }
    expect(requests).toEqual([])
    expect(await runOnTerminal(remove, url, 'y\n')).toContain('thingName  press-1')
    expect(requests.map(({ method }) => method)).toEqual(['DELETE'])
  },
)
