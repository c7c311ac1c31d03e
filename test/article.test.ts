import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  AttachThingPrincipalCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  CreateThingTypeCommand,
  DetachThingPrincipalCommand,
  IoTClient,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  account,
  documents,
  policyWithout,
  readShownCommands,
  region,
  type StringCondition,
} from './article-documents.ts'
import { hasProgram } from './has-program.ts'
import { type LocalProcess, startLocalProcess } from './local-process.ts'

// The commands of "AWS IoT Coreの認証機能を使って、セキュリティ・トークンからAWSサービスを呼び出してみた", in their order and to the
// letter. Ours are the account, the CA file (the cloud's own), and what the article has a person copy from one answer into the next command.
const arn = (resource: string) => `arn:aws:iot:${region}:${account}:${resource}`
const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

const timeout = 120_000
const suite = describe.skipIf(!hasProgram('aws') || !hasProgram('curl'))

suite('the article (needs the AWS CLI and curl)', { timeout }, () => {
  let folder: string
  let cloud: LocalProcess
  let iot: IoTClient
  /** What the person notes down on the way. */
  const noted = { certificateArn: '', endpointAddress: '' }
  let session: Readonly<Record<string, string>> = {}
  const typed: string[] = []

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thingdrop-article-'))
    const stateDir = join(folder, 'state')
    cloud = await startLocalProcess(stateDir, ['--empty', '--account', account, '--region', region])
    for (const [name, document] of Object.entries(documents))
      await writeFile(join(folder, name), JSON.stringify(document))
    await writeFile(join(folder, 'AmazonRootCA1.pem'), await readFile(join(stateDir, 'iot', 'AmazonRootCA1.pem')))
    iot = new IoTClient(cloud.client)
  })
  afterAll(async () => {
    expect(await cloud?.stop()).toBe(0)
    await rm(folder, { recursive: true })
  })

  /** Types a command into a shell and gives what it printed. */
  async function type(command: string, { cwd = folder, environment = cloud.environment } = {}): Promise<string> {
    typed.push(command)
    const home = { PATH: process.env.PATH, HOME: folder, AWS_DEFAULT_OUTPUT: 'json' }
    const { stdout } = await promisify(execFile)('sh', ['-c', command], { cwd, env: { ...home, ...environment } })
    return stdout
  }
  const typeJson = async (command: string) => JSON.parse(await type(command))

  /** What the device's shell has: no operator's key, and the session once it was exported. */
  function onDevice() {
    const { AWS_ENDPOINT_URL = '', AWS_DEFAULT_REGION = '' } = cloud.environment
    return { AWS_ENDPOINT_URL, AWS_DEFAULT_REGION, ...session }
  }

  test('creates the thing type and the thing', async () => {
    expect(await typeJson('aws iot create-thing-type --thing-type-name EnvDataMyRoom')).toEqual({
      thingTypeName: 'EnvDataMyRoom',
      thingTypeArn: arn('thingtype/EnvDataMyRoom'),
      thingTypeId: uuid,
    })
    expect(
      await typeJson(
        String.raw`aws iot create-thing --thing-name EnvDataMyRoomRasp --thing-type-name EnvDataMyRoom --attribute-payload "{\"attributes\": {\"Owner\":\"MyName\"}}"`,
      ),
    ).toEqual({ thingName: 'EnvDataMyRoomRasp', thingArn: arn('thing/EnvDataMyRoomRasp'), thingId: uuid })
  })

  test('creates keys and a certificate, and attaches it to the thing', async () => {
    const made = await typeJson(String.raw`aws iot create-keys-and-certificate \
    --set-as-active \
    --certificate-pem-outfile certificate_filename \
    --public-key-outfile public_key_filename \
    --private-key-outfile private_key_filename                   
`)
    const [certificatePem, publicKey, privateKey] = await Promise.all(
      ['certificate_filename', 'public_key_filename', 'private_key_filename'].map((name) =>
        readFile(join(folder, name), 'utf8'),
      ),
    )
    expect(made).toEqual({
      certificateArn: arn(`cert/${made.certificateId}`),
      certificateId: expect.stringMatching(/^[0-9a-f]{64}$/),
      certificatePem,
      keyPair: { PublicKey: publicKey, PrivateKey: privateKey },
    })
    const certificate = new X509Certificate(certificatePem ?? '')
    expect(certificate.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(made.certificateId)
    noted.certificateArn = made.certificateArn
    const attach = 'aws iot attach-thing-principal --thing-name EnvDataMyRoomRasp --principal $certificateArn'
    expect(await type(`certificateArn=${noted.certificateArn}\n${attach}`)).toBe('')
  })

  test('creates the role and its policy', async () => {
    const { Role } = await typeJson(
      'aws iam create-role --role-name s3-access-role --assume-role-policy-document file://trustpolicyforiot.json',
    )
    expect(Role).toMatchObject({
      Path: '/',
      RoleName: 's3-access-role',
      RoleId: expect.stringMatching(/^AROA[A-Z0-9]{17}$/),
      Arn: `arn:aws:iam::${account}:role/s3-access-role`,
      AssumeRolePolicyDocument: documents['trustpolicyforiot.json'],
    })
    const { Policy } = await typeJson(
      'aws iam create-policy --policy-name accesspolicyfors3 --policy-document file://accesspolicyfors3.json',
    )
    expect(Policy).toMatchObject({
      PolicyName: 'accesspolicyfors3',
      PolicyId: expect.stringMatching(/^ANPA[A-Z0-9]{17}$/),
      Arn: `arn:aws:iam::${account}:policy/accesspolicyfors3`,
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
      IsAttachable: true,
    })
    expect(
      await type(
        `aws iam attach-role-policy --role-name s3-access-role --policy-arn arn:aws:iam::${account}:policy/accesspolicyfors3`,
      ),
    ).toBe('')
  })

  test('creates the role alias', async () => {
    expect(
      await typeJson(
        `aws iot create-role-alias --role-alias EnvDataMyRoom-s3-access-role-alias --role-arn arn:aws:iam::${account}:role/s3-access-role --credential-duration-seconds 3600`,
      ),
    ).toEqual({
      roleAlias: 'EnvDataMyRoom-s3-access-role-alias',
      roleAliasArn: arn('rolealias/EnvDataMyRoom-s3-access-role-alias'),
    })
  })

  test('creates the policy of the three conditions and attaches it to the certificate', async () => {
    expect(
      await typeJson(
        'aws iot create-policy --policy-name MyNameEnvDataMyRoomPolicy --policy-document file://MyNameEnvDataMyRoompolicy.json',
      ),
    ).toEqual({
      policyName: 'MyNameEnvDataMyRoomPolicy',
      policyArn: arn('policy/MyNameEnvDataMyRoomPolicy'),
      policyDocument: await readFile(join(folder, 'MyNameEnvDataMyRoompolicy.json'), 'utf8'),
      policyVersionId: '1',
    })
    expect(
      await type(`aws iot attach-policy --policy-name MyNameEnvDataMyRoomPolicy --target ${noted.certificateArn}`),
    ).toBe('')
  })

  test('finds the credentials provider and trades the certificate for a session', async () => {
    const answer = await typeJson('aws iot describe-endpoint --endpoint-type iot:CredentialProvider')
    expect(answer).toEqual({ endpointAddress: expect.stringMatching(/^localhost:\d+$/) })
    noted.endpointAddress = answer.endpointAddress
    const begin = Date.now()
    const { credentials } = JSON.parse(
      await type(
        `curl --cert certificate_filename --key private_key_filename -H "x-amzn-iot-thingname:EnvDataMyRoomRasp" --cacert AmazonRootCA1.pem https://${noted.endpointAddress}/role-aliases/EnvDataMyRoom-s3-access-role-alias/credentials`,
        { environment: onDevice() },
      ),
    )
    expect(credentials).toEqual({
      accessKeyId: expect.stringMatching(/^ASIA[A-Z0-9]{16}$/),
      secretAccessKey: expect.stringMatching(/^[\w+/]{40}$/),
      sessionToken: expect.any(String),
      expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
    const lifetime = (Date.parse(credentials.expiration) - begin) / 1000
    expect(Math.abs(lifetime - 3600)).toBeLessThan(60)
    session = {
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken,
    }
  })

  test('is the role’s session, named after the certificate', async () => {
    const identity = JSON.parse(await type('aws sts get-caller-identity', { environment: onDevice() }))
    const certificateId = noted.certificateArn.split('/')[1]
    expect(identity).toEqual({
      UserId: expect.stringMatching(new RegExp(`^AROA[A-Z0-9]{17}:${certificateId}$`)),
      Account: account,
      Arn: `arn:aws:sts::${account}:assumed-role/s3-access-role/${certificateId}`,
    })
  })

  test('syncs the sensor’s files to S3, each once', async () => {
    expect(await type('aws s3 mb s3://envdatamyroom-bucket')).toBe('make_bucket: envdatamyroom-bucket\n')
    const cwd = join(folder, 'envdata')
    await mkdir(join(cwd, '2021-04'), { recursive: true })
    await writeFile(join(cwd, 'envdata.csv'), 'time,temperature\n2021-04-25T12:00:00,23.4\n')
    await writeFile(join(cwd, '2021-04', '気温 25.csv'), 'time,temperature\n')
    const device = { cwd, environment: onDevice() }
    const sync = 'aws s3 sync . s3://envdatamyroom-bucket/envdatamyroom_raspberrypi/'
    const uploaded = 'upload: ./envdata.csv to s3://envdatamyroom-bucket/envdatamyroom_raspberrypi/envdata.csv'
    expect(await type(sync, device)).toContain(uploaded)

    const [again, listed] = await Promise.all([
      type(sync, device),
      type('aws s3 ls --recursive s3://envdatamyroom-bucket/envdatamyroom_raspberrypi/', device),
      expect(type('aws s3 ls', device)).rejects.toThrow(/AccessDenied.*ListBuckets.*s3:ListAllMyBuckets/s),
    ])
    expect(again).toBe('')
    expect(listed.split('\n').map((line) => line.slice(20))).toEqual([
      '        17 envdatamyroom_raspberrypi/2021-04/気温 25.csv',
      '        42 envdatamyroom_raspberrypi/envdata.csv',
      '',
    ])
  })

  /** The article's curl, with what HTTP said. */
  async function trade(headers: string) {
    const answer = await type(
      `curl --silent --include --cert certificate_filename --key private_key_filename ${headers} --cacert AmazonRootCA1.pem https://${noted.endpointAddress}/role-aliases/EnvDataMyRoom-s3-access-role-alias/credentials`,
    )
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    return { status: Number(head.split(' ')[1]), head, body: JSON.parse(body) }
  }
  const tradeAs = (thingName: string) => trade(`-H "x-amzn-iot-thingname:${thingName}"`)

  async function attachThing(thingName: string, thingTypeName: string, attributes: Record<string, string>) {
    const principal = noted.certificateArn
    await iot.send(new CreateThingCommand({ thingName, thingTypeName, attributePayload: { attributes } }))
    await iot.send(new AttachThingPrincipalCommand({ thingName, principal }))
    onTestFinished(async () => void (await iot.send(new DetachThingPrincipalCommand({ thingName, principal }))))
  }

  /** Replaces the article's policy by one that lacks a condition, until the test is over. */
  async function dropCondition(key: StringCondition) {
    const policyName = 'MyNameEnvDataMyRoomPolicy'
    const write = (document: object) => {
      const policyDocument = JSON.stringify(document)
      return iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }))
    }
    await write(policyWithout(key))
    onTestFinished(async () => void (await write(documents['MyNameEnvDataMyRoompolicy.json'])))
  }

  test('refuses a thing of another owner or of none, because of that condition', async () => {
    await attachThing('NeighboursRasp', 'EnvDataMyRoom', { Owner: 'AnotherName' })
    await attachThing('NobodysRasp', 'EnvDataMyRoom', {})
    expect(await tradeAs('NobodysRasp')).toMatchObject({ status: 403, body: { message: 'Access Denied' } })
    expect(await tradeAs('NeighboursRasp')).toMatchObject({ status: 403, body: { message: 'Access Denied' } })
    await dropCondition('iot:Connection.Thing.Attributes[Owner]')
    expect(await tradeAs('NeighboursRasp')).toMatchObject({ status: 200 })
  })

  test('refuses a thing of another type, because of that condition', async () => {
    await iot.send(new CreateThingTypeCommand({ thingTypeName: 'EnvDataMyKitchen' }))
    await attachThing('KitchenRasp', 'EnvDataMyKitchen', { Owner: 'MyName' })
    expect(await tradeAs('KitchenRasp')).toMatchObject({ status: 403, body: { message: 'Access Denied' } })
    await dropCondition('iot:Connection.Thing.ThingTypeName')
    expect(await tradeAs('KitchenRasp')).toMatchObject({ status: 200 })
  })

  test('refuses a thing that is not attached, one that is not there, and a certificate alone', async () => {
    const attributePayload = { attributes: { Owner: 'MyName' } }
    const thingTypeName = 'EnvDataMyRoom'
    await iot.send(new CreateThingCommand({ thingName: 'UnattachedRasp', thingTypeName, attributePayload }))
    for (const thingName of ['UnattachedRasp', 'MissingRasp']) {
      const { status, head, body } = await tradeAs(thingName)
      expect({ status, body }).toEqual({ status: 403, body: { message: 'Invalid thing name passed' } })
      expect(head).toMatch(/^x-amzn-errortype: /im)
      expect(head).toMatch(/^x-amzn-requestid: /im)
    }
    expect(await trade('')).toMatchObject({ status: 403, body: { message: 'Access Denied' } })
  })

  test('lets a detached thing in again once it is attached', async () => {
    const attachment = { thingName: 'EnvDataMyRoomRasp', principal: noted.certificateArn }
    await iot.send(new DetachThingPrincipalCommand(attachment))
    expect(await tradeAs('EnvDataMyRoomRasp')).toMatchObject({ status: 403 })
    await iot.send(new AttachThingPrincipalCommand(attachment))
    expect(await tradeAs('EnvDataMyRoomRasp')).toMatchObject({ status: 200 })
  })

  test('docs/from-the-article.md shows the commands as they were typed', async () => {
    const shown = await readShownCommands(noted)
    expect(shown).toHaveLength(15)
    const normalized = typed.map((command) => command.trim().replace(/^certificateArn=.*\n/, ''))
    for (const command of shown) expect(normalized).toContain(command)
  })
})
