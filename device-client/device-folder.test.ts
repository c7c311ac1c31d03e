import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { readIdentity } from './device-folder.ts'
import { createTestAuthority, type TestAuthority } from './testing/certificates.ts'
import { createEnrolledFolder } from './testing/enrolled-device.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority()
})

test('refuses a key that others may read', async () => {
  const dir = await createEnrolledFolder(authority)
  chmodSync(join(dir, 'device.key'), 0o640)
  expect(() => readIdentity(dir)).toThrow(
    expect.objectContaining({ code: 'KEY_EXPOSED', hint: expect.stringContaining('chmod 600') }),
  )
})

test.each([
  ['device.pem', undefined, 'NOT_ENROLLED'],
  ['device.json', undefined, 'NOT_ENROLLED'],
  ['device.key', undefined, 'FOLDER_DAMAGED'],
  ['device.key', 'no key', 'FOLDER_DAMAGED'],
  ['device.pem', 'no certificate', 'FOLDER_DAMAGED'],
  ['device.json', '{"thingName":', 'FOLDER_DAMAGED'],
  ['device.json', '[]', 'FOLDER_DAMAGED'],
  ['device.json', '{"thingName":"press-7","region":7}', 'FOLDER_DAMAGED'],
  ['ca.pem', 'no CA', 'CA_FILE_UNREADABLE'],
  ['ca.pem', undefined, 'CA_FILE_UNREADABLE'],
])('a %s of %j is %s', async (file, content, code) => {
  const dir = await createEnrolledFolder(authority)
  if (content === undefined) rmSync(join(dir, file))
  else writeFileSync(join(dir, file), content)
  expect(() => readIdentity(dir)).toThrow(expect.objectContaining({ code }))
})

test('refuses the key of another certificate', async () => {
  const dir = await createEnrolledFolder(authority)
  writeFileSync(join(dir, 'device.key'), (await authority.issueDevice('press-7')).key)
  expect(() => readIdentity(dir)).toThrow(expect.objectContaining({ code: 'FOLDER_DAMAGED' }))
})
