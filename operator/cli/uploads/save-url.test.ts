import { once } from 'node:events'
import { lstat, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../test-cli.ts'
import { saveUrl } from './save-url.ts'

let folder: string
beforeEach(async () => {
  folder = await makeFolder()
})

async function serve(listener: RequestListener): Promise<URL> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
}

const at = (name: string) => join(folder, name)

test('a file comes as it is stored, packed or not', async () => {
  const packed = gzipSync('a,b')
  const url = await serve((_, response) => response.setHeader('content-encoding', 'gzip').end(packed))
  await saveUrl(url, at('load.gz'), { force: false, sizeBytes: packed.length })
  expect(await readFile(at('load.gz'))).toEqual(packed)
})

test.each<[string, RequestListener, string]>([
  [
    'is cut',
    (_, response) => response.writeHead(200, { 'content-length': 10 }).write('abc', () => response.destroy()),
    'API_UNREACHABLE',
  ],
  ['is shorter than the log says', (_, response) => response.end('abc'), 'AWS_REFUSED'],
  ['is refused', (_, response) => response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>'), 'AWS_REFUSED'],
])('a file that %s leaves nothing, and what was there stays', async (_, listener, code) => {
  const url = await serve(listener)
  await expect(saveUrl(url, at('load.csv'), { force: false, sizeBytes: 10 })).rejects.toMatchObject({ code })
  expect(await readdir(folder)).toEqual([])
  await writeFile(at('load.csv'), 'mine')
  await expect(saveUrl(url, at('load.csv'), { force: true, sizeBytes: 10 })).rejects.toMatchObject({ code })
  expect(await readdir(folder)).toEqual(['load.csv'])
  expect(await readFile(at('load.csv'), 'utf8')).toBe('mine')
})

test('a file that appears while another comes stays as it is', async () => {
  const url = await serve(async (_, response) => {
    await writeFile(at('load.csv'), 'mine')
    response.end('theirs')
  })
  const saved = saveUrl(url, at('load.csv'), { force: false, sizeBytes: undefined })
  await expect(saved).rejects.toMatchObject({
    code: 'FILE_UNWRITABLE',
    message: expect.stringContaining('is there already'),
  })
  expect(await readFile(at('load.csv'), 'utf8')).toBe('mine')
  expect(await readdir(folder)).toEqual(['load.csv'])
})

test('a link is not followed', async () => {
  const url = await serve((_, response) => response.end('theirs'))
  await writeFile(at('mine'), 'mine')
  await symlink(at('mine'), at('load.csv'))
  const saved = saveUrl(url, at('load.csv'), { force: false, sizeBytes: 6 })
  await expect(saved).rejects.toMatchObject({ code: 'FILE_UNWRITABLE' })
  await saveUrl(url, at('load.csv'), { force: true, sizeBytes: 6 })
  expect((await lstat(at('load.csv'))).isSymbolicLink()).toBe(false)
  expect(await readFile(at('mine'), 'utf8')).toBe('mine')
})
