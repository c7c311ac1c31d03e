import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readSettings, settingsSchema } from './settings.ts'

async function settingsFile(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'thingdrop-settings-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'settings.json'), text)
  return join(folder, 'settings.json')
}

test('the example in the documentation is read as it stands, and every member is documented', async () => {
  const page = await readFile(new URL('../docs/settings.md', import.meta.url), 'utf8')
  const [, example = ''] = /```json\n([\s\S]*?)```/.exec(page) ?? []
  const settings = readSettings(await settingsFile(example))
  expect(settings).toMatchObject(JSON.parse(example))
  const { registration, ...others } = settings
  const members = [...Object.keys(others), ...Object.keys(registration).map((name) => `registration.${name}`)]
  for (const member of members) expect(page, member).toContain(`| \`${member}\` |`)
})

test('without a file everything has its default', () => {
  expect(readSettings(undefined)).toEqual(settingsSchema.parse({}))
  expect(readSettings(undefined)).toMatchObject({
    registration: { accept: 'ledger', thingNames: '*' },
    thingGroups: [],
  })
})

test.each([
  ['{"registraton":{}}', 'Unrecognized key: "registraton"'],
  ['{"registration":{"accept":"all"}}', 'registration.accept: '],
  ['{"registration":{"deny":{"things":["a/b"]}}}', 'registration.deny.things.0: is not a pattern of thing names'],
  ['{"thingTypes":[]}', 'thingTypes: '],
  ['{', 'is no JSON file of settings'],
])('%s is refused by name', async (text, message) => {
  const file = await settingsFile(text)
  expect(() => readSettings(file)).toThrow(file)
  expect(() => readSettings(file)).toThrow(message)
})
