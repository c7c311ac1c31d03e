import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createTestAuthority } from '../testing/certificates.ts'
import { createEnrolledFolder, testConfiguration } from '../testing/enrolled-device.ts'
import { startHttp, startHttps, startMqtt } from '../testing/servers.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { canRunScript, runScript } from './run-script.ts'

const authority = await createTestAuthority()
const secret = `tdc_${'a'.repeat(16)}_${'b'.repeat(64)}`

/** A credentials provider that gives everyone credentials, each time others. */
async function startProvider(): Promise<string> {
  let count = 0
  return await startHttps(await authority.issueServer(), (_, response) => {
    const credentials = {
      accessKeyId: 'ASIA',
      secretAccessKey: 's',
      sessionToken: `t${++count}`,
      expiration: '2099-01-01T00:00:00Z',
    }
    response.end(JSON.stringify({ credentials }))
  })
}

function writeSource(name = 'a.csv'): string {
  const path = join(temporaryFolder(), name)
  writeFileSync(path, 'x')
  return path
}

describe.skipIf(!canRunScript)('the script (needs curl and openssl)', () => {
  test.each([
    [['enroll', `https://api.example/v1/certificates?thing=press-7#${secret}`], {}, 2, 'takes no operand'],
    [['enroll', `--claim=${secret}`], {}, 2, 'has no option --claim\n'],
    [['enroll'], { THINGDROP_CLAIM: secret }, 1, 'CLAIM_URL_INVALID'],
    [['enroll'], { THINGDROP_CLAIM: `http://192.0.2.1/v1?thing=press-7#${secret}` }, 1, 'CLAIM_URL_INSECURE'],
    [['enroll'], { THINGDROP_CLAIM: `http://localhost@192.0.2.1/v1?thing=a#${secret}` }, 1, 'CLAIM_URL_INVALID'],
    [['enroll'], { THINGDROP_CLAIM: `https://api.example/v1?thing=a&b#${secret}` }, 1, 'CLAIM_URL_INVALID'],
    [['enroll'], { THINGDROP_CLAIM: ' ' }, 1, 'CLAIM_MISSING'],
    [['enroll', '--claim-file', '/nowhere'], {}, 1, 'CLAIM_MISSING'],
    [[], {}, 2, 'name a command'],
    [['toString'], {}, 2, 'no such command'],
    [['upload'], {}, 2, 'needs at least one FILE'],
    [['connect', '--timeout', '5m'], {}, 2, 'takes a whole number'],
    [['connect', '--retry-base-ms', '0'], {}, 2, 'at least 1'],
    [['connect', '--dir'], {}, 2, 'needs a value'],
    [['connect', 'stray'], {}, 2, 'takes no operand'],
    [['connect', '--env'], {}, 2, 'has no option --env'],
    [['connect', '--dir', '/nowhere'], {}, 1, 'NOT_ENROLLED'],
  ])('refuses %j %j and repeats no secret', async (args, environment, code, message) => {
    const ended = await runScript(args, { environment })
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message), left: [] })
    expect(ended.stderr).not.toContain('bbbb')
  })

  test('tells how it is used', async () => {
    const help = await runScript(['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const command of ['enroll', 'connect', 'credentials', 'upload', 'renew']) {
      expect(help.stdout).toContain(`  ${command} `)
      const { code, stdout } = await runScript([command, '--help'])
      expect(stdout).toContain(`Usage: thingdrop-device.sh ${command}`)
      expect(stdout).toContain('Example:')
      expect(code).toBe(0)
    }
  })

  test('uses no key that others may read', async () => {
    const dir = await createEnrolledFolder(authority)
    chmodSync(join(dir, 'device.key'), 0o640)
    for (const args of [['connect'], ['credentials'], ['renew'], ['upload', writeSource()]]) {
      const ended = await runScript([...args, '--dir', dir])
      expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^KEY_EXPOSED .+\n {2}.+\n$/) })
    }
  })

  test('moves a key that a power cut left behind, and says when there is none', async () => {
    const dir = await createEnrolledFolder(authority, { credentialsEndpoint: await startProvider() })
    const other = await createEnrolledFolder(authority)
    for (const stray of ['device.key.pending', 'renewal.key', 'previous.key']) {
      copyFileSync(join(dir, 'device.key'), join(dir, stray))
      copyFileSync(join(other, 'device.key'), join(dir, 'device.key'))
      expect(await runScript(['credentials', '--dir', dir])).toMatchObject({ code: 0, stderr: '' })
      expect(readdirSync(dir)).not.toContain(stray)
    }
    copyFileSync(join(other, 'device.key'), join(dir, 'device.key'))
    const ended = await runScript(['credentials', '--dir', dir])
    expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('FOLDER_DAMAGED') })
  })

  test.each([
    ['{', 'FOLDER_DAMAGED'],
    [JSON.stringify({ ...testConfiguration, bucket: 'a"b' }), 'FOLDER_DAMAGED'],
    [JSON.stringify({ ...testConfiguration, credentialsEndpoint: 'a\nurl = "file:///etc/passwd"' }), 'FOLDER_DAMAGED'],
    [JSON.stringify({ ...testConfiguration, caFile: '/nowhere' }), 'CA_FILE_UNREADABLE'],
    [JSON.stringify({ ...testConfiguration, s3Endpoint: 'http://192.0.2.1' }), 'ENDPOINT_INSECURE'],
  ])('does not work with the configuration %s', async (json, code) => {
    const dir = await createEnrolledFolder(authority)
    writeFileSync(join(dir, 'device.json'), json)
    const ended = await runScript(['upload', '--dir', dir, writeSource()])
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(`^${code} `) })
  })

  test('trusts no other server than one that its CA signed for that name', async () => {
    const [stranger, impostor] = [await createTestAuthority('Another CA'), await createTestAuthority()]
    const servers = [
      [await stranger.issueServer(), 'SERVER_CA_UNKNOWN'],
      [await impostor.issueServer(), 'SERVER_CA_UNKNOWN'],
      [await authority.issueServer(['other.example']), 'SERVER_HOST_MISMATCH'],
      [
        await authority.issueServer(['localhost'], { notAfter: new Date(Date.now() - 1000) }),
        'SERVER_CERTIFICATE_EXPIRED',
      ],
    ] as const
    for (const [server, code] of servers) {
      const dir = await createEnrolledFolder(authority, {
        credentialsEndpoint: await startHttps(server, (_, response) => response.end()),
        mqttEndpoint: await startMqtt(server, () => {}),
      })
      for (const command of ['credentials', 'connect']) {
        const ended = await runScript([command, '--dir', dir])
        expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(`^${code} localhost`) })
      }
    }
  })

  test('says when nothing listens, and when its certificate is over', async () => {
    const dir = await createEnrolledFolder(authority)
    for (const command of ['credentials', 'connect']) {
      const ended = await runScript([command, '--dir', dir, '--timeout', '0'])
      expect(ended).toMatchObject({ code: 1, stderr: expect.stringContaining('CONNECTION_REFUSED') })
    }
    const expired = await authority.issueDevice('press-7', { notAfter: new Date(Date.now() - 1000) })
    const over = await runScript(['connect', '--dir', await createEnrolledFolder(authority, {}, expired)])
    expect(over).toMatchObject({ code: 1, stderr: expect.stringContaining('CERTIFICATE_EXPIRED') })
    const notBefore = new Date(Date.now() + 3_600_000)
    const early = await authority.issueDevice('press-7', { notBefore })
    const ahead = await runScript(['connect', '--dir', await createEnrolledFolder(authority, {}, early)])
    expect(ahead).toMatchObject({ code: 1, stderr: expect.stringContaining('CERTIFICATE_NOT_YET_VALID') })
  })

  test('says what the credentials provider says', async () => {
    const reasons = [
      ['Invalid thing name passed', 'THING_NOT_ATTACHED'],
      ['Access Denied', 'ROLE_ALIAS_DENIED'],
      ['Certificate is invalid on this endpoint', 'CERTIFICATE_INACTIVE'],
      ['\\u001b[2J', 'CREDENTIALS_REFUSED'],
    ] as const
    for (const [message, code] of reasons) {
      const server = await authority.issueServer()
      const credentialsEndpoint = await startHttps(server, (_, response) => {
        response.writeHead(403).end(`{"message":"${message}"}`)
      })
      const ended = await runScript([
        'credentials',
        '--dir',
        await createEnrolledFolder(authority, { credentialsEndpoint }),
      ])
      expect(ended).toMatchObject({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(`^${code} role alias device: 403 `),
      })
    }
  })

  test('keeps a key through retries, and takes 412 for success only then', async () => {
    const paths: (string | undefined)[] = []
    const s3Endpoint = await startHttp(async (request, response) => {
      paths.push(request.url)
      await request.resume().toArray()
      response.writeHead(paths.length === 1 ? 503 : 412).end()
    })
    const dir = await createEnrolledFolder(authority, { credentialsEndpoint: await startProvider(), s3Endpoint })
    const path = writeSource('a b')
    const retried = await runScript(['upload', '--dir', dir, path])
    expect(retried).toMatchObject({ code: 0, stderr: expect.stringContaining('UPLOAD_UNAVAILABLE') })
    expect(paths).toEqual([expect.stringMatching(/^\/files\/things\/press-7\/[\d-]+\/[0-9a-f]{16}-a%20b$/), paths[0]])
    const refused = await runScript(['upload', '--dir', dir, path])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('OBJECT_EXISTS') })
  })

  test('fetches credentials again when S3 calls them expired', async () => {
    const tokens: unknown[] = []
    const s3Endpoint = await startHttp(async (request, response) => {
      tokens.push(request.headers['x-amz-security-token'])
      await request.resume().toArray()
      if (tokens.length === 1) response.writeHead(400).end('<Error><Code>ExpiredToken</Code></Error>')
      else response.end()
    })
    const dir = await createEnrolledFolder(authority, { credentialsEndpoint: await startProvider(), s3Endpoint })
    expect(await runScript(['upload', '--dir', dir, writeSource()])).toMatchObject({ code: 0, stderr: '' })
    expect(tokens).toEqual(['t1', 't2'])
  })

  test('sends the files that can be sent, and says why the others cannot', async () => {
    const s3Endpoint = await startHttp((request, response) => void request.resume().on('end', () => response.end()))
    const dir = await createEnrolledFolder(authority, { credentialsEndpoint: await startProvider(), s3Endpoint })
    const missing = join(dir, 'missing')
    const ended = await runScript(['upload', '--dir', dir, dir, writeSource(), missing, '/dev/null'])
    expect(ended).toMatchObject({ code: 1, stdout: expect.stringMatching(/^\S+-a.csv {2}1 bytes\n$/), left: [] })
    expect(ended.stderr).toContain(`${dir}: FILE_NOT_REGULAR`)
    expect(ended.stderr).toContain(`${missing}: FILE_UNREADABLE`)
    expect(ended.stderr).toContain('/dev/null: FILE_NOT_REGULAR')
    expect(ended.stderr).toContain('3 of 4 files were not sent')
  })

  test('leaves nothing behind when the API does not answer as it should', async () => {
    const answers = ['', '<html>', '{"certificatePem":"","chainPem":"","device":{}}']
    for (const answer of answers) {
      const api = await startHttp((_, response) => response.writeHead(201).end(answer))
      const dir = temporaryFolder()
      const environment = { THINGDROP_CLAIM: `${api}/v1/certificates?thing=press-7#${secret}` }
      const ended = await runScript(['enroll', '--dir', dir], { environment })
      expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^ANSWER_INVALID /), left: [] })
      expect(readdirSync(dir)).toEqual(['device.key.pending'])
      expect(readFileSync(join(dir, 'device.key.pending'), 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----\n/)
    }
  })
})
