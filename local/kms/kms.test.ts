import { createHash, createPublicKey, verify } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam'
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  type CreateKeyCommandInput,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  VerifyCommand,
} from '@aws-sdk/client-kms'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { accountId, type GatewayFixture, region, startGateway } from '#local/gateway/gateway-fixture.ts'
import { createKms } from './create-kms.ts'

let fixture: GatewayFixture
let kms: ReturnType<typeof createKms>
let client: KMSClient
let aheadMs = 0

beforeAll(async () => {
  fixture = await startGateway(({ folder }) => {
    kms = createKms({ folder, accountId, region, clock: () => new Date(Date.now() + aheadMs) })
    return { kms: kms.service }
  })
  client = new KMSClient(fixture.clientConfig)
})
afterAll(async () => {
  kms.close()
  await fixture.stop()
})

async function createKey(input: Partial<CreateKeyCommandInput> = {}) {
  const { KeyMetadata } = await client.send(
    new CreateKeyCommand({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', ...input }),
  )
  return { KeyId: KeyMetadata?.KeyId ?? '', Arn: KeyMetadata?.Arn ?? '' }
}

const SigningAlgorithm = 'ECDSA_SHA_256'
const message = Buffer.from('to be signed')
const digest = createHash('sha256').update(message).digest()
const sign = (KeyId: string, Message: Uint8Array = message) =>
  client.send(new SignCommand({ KeyId, Message, SigningAlgorithm }))

test('a signature verifies with the public key, whether message or digest was signed', async () => {
  const { KeyId, Arn } = await createKey()
  const { PublicKey = new Uint8Array(), KeyId: named } = await client.send(new GetPublicKeyCommand({ KeyId }))
  expect(named).toBe(Arn)
  const publicKey = createPublicKey({ key: Buffer.from(PublicKey), type: 'spki', format: 'der' })
  for (const input of [{ Message: message }, { Message: digest, MessageType: 'DIGEST' as const }]) {
    const { Signature = new Uint8Array() } = await client.send(new SignCommand({ KeyId, SigningAlgorithm, ...input }))
    expect(verify('sha256', message, publicKey, Signature)).toBe(true)
    for (const other of [{ Message: message }, { Message: digest, MessageType: 'DIGEST' as const }]) {
      const verified = await client.send(new VerifyCommand({ KeyId, SigningAlgorithm, Signature, ...other }))
      expect(verified.SignatureValid).toBe(true)
    }
    const wrong = client.send(new VerifyCommand({ KeyId, SigningAlgorithm, Signature, Message: Buffer.from('other') }))
    await expect(wrong).rejects.toMatchObject({ name: 'KMSInvalidSignatureException' })
  }
})

test('a key is found by id, ARN and alias', async () => {
  const { KeyId, Arn } = await createKey({ Description: 'by name' })
  await client.send(new CreateAliasCommand({ AliasName: 'alias/by-name', TargetKeyId: KeyId }))
  const aliasArn = `arn:aws:kms:${region}:${accountId}:alias/by-name`
  for (const name of [KeyId, Arn, 'alias/by-name', aliasArn]) {
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: name }))
    expect(KeyMetadata).toMatchObject({ KeyId, Description: 'by name', KeyState: 'Enabled', KeyManager: 'CUSTOMER' })
    expect((await sign(name)).KeyId).toBe(Arn)
  }
  expect((await client.send(new ListKeysCommand({}))).Keys).toContainEqual({ KeyId, KeyArn: Arn })
})

test('an alias moves to another key and goes away', async () => {
  const [one, two] = [await createKey(), await createKey()]
  const AliasName = 'alias/moving'
  await client.send(new CreateAliasCommand({ AliasName, TargetKeyId: one.KeyId }))
  const again = client.send(new CreateAliasCommand({ AliasName, TargetKeyId: two.KeyId }))
  await expect(again).rejects.toMatchObject({ name: 'AlreadyExistsException' })
  await client.send(new UpdateAliasCommand({ AliasName, TargetKeyId: two.KeyId }))
  const { Aliases } = await client.send(new ListAliasesCommand({ KeyId: two.KeyId }))
  expect(Aliases).toMatchObject([{ AliasName, TargetKeyId: two.KeyId }])
  await client.send(new DeleteAliasCommand({ AliasName }))
  await expect(sign(AliasName)).rejects.toMatchObject({ name: 'NotFoundException' })
})

test('a disabled key does not sign until it is enabled again', async () => {
  const { KeyId } = await createKey()
  await client.send(new DisableKeyCommand({ KeyId }))
  await expect(sign(KeyId)).rejects.toMatchObject({ name: 'DisabledException' })
  await client.send(new EnableKeyCommand({ KeyId }))
  expect((await sign(KeyId)).Signature).toBeDefined()
})

test('a deletion waits, can be called off, and is final when its time has come', async () => {
  const { KeyId } = await createKey()
  const schedule = () => client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
  expect((await schedule()).KeyState).toBe('PendingDeletion')
  await expect(sign(KeyId)).rejects.toMatchObject({ name: 'KMSInvalidStateException' })
  await client.send(new CancelKeyDeletionCommand({ KeyId }))
  await client.send(new EnableKeyCommand({ KeyId }))
  await sign(KeyId)
  await schedule()
  aheadMs = 7 * 86_400_000 + 1000
  await expect(sign(KeyId)).rejects.toMatchObject({ name: 'NotFoundException' })
  aheadMs = 0
})

test('the key policy is the last word, and must leave its author in', async () => {
  const operator = `arn:aws:iam::${accountId}:user/operator`
  const policy = (Action: string[], principal = operator) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: principal }, Action, Resource: '*' }],
    })
  const lockout = createKey({ Policy: policy(['kms:*'], `arn:aws:iam::${accountId}:user/nobody`) })
  await expect(lockout).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' })
  // The operator's IAM policy allows everything, but this key policy does not delegate to IAM.
  const { KeyId } = await createKey({ Policy: policy(['kms:PutKeyPolicy', 'kms:GetKeyPolicy']) })
  await expect(sign(KeyId)).rejects.toMatchObject({ name: 'AccessDeniedException' })
  const Policy = policy(['kms:PutKeyPolicy', 'kms:GetKeyPolicy', 'kms:Sign'])
  await client.send(new PutKeyPolicyCommand({ KeyId, Policy }))
  expect((await client.send(new GetKeyPolicyCommand({ KeyId }))).Policy).toBe(Policy)
  expect((await sign(KeyId)).Signature).toBeDefined()
})

test('tags decide who may make a key, and who may use it', async () => {
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
  const text = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement })
  const admin = new IAMClient(fixture.clientConfig)
  await admin.send(new CreateRoleCommand({ RoleName: 'ca-maker', AssumeRolePolicyDocument: text(trust) }))
  const roleArn = `arn:aws:iam::${accountId}:role/ca-maker`
  const session = fixture.iam.assumeRole({ roleArn, sessionName: 'make', principal: 'lambda.amazonaws.com' })
  const maker = new KMSClient({ ...fixture.clientConfig, credentials: session })
  const grant = (...statements: object[]) =>
    admin.send(new PutRolePolicyCommand({ RoleName: 'ca-maker', PolicyName: 'p', PolicyDocument: text(...statements) }))
  const create = {
    Effect: 'Allow',
    Action: 'kms:CreateKey',
    Resource: '*',
    Condition: {
      StringEquals: { 'aws:RequestTag/use': 'ca', 'kms:KeySpec': 'ECC_NIST_P256', 'kms:KeyUsage': 'SIGN_VERIFY' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['use'] },
    },
  }
  const tag = {
    Effect: 'Allow',
    Action: 'kms:TagResource',
    Resource: `arn:aws:kms:${region}:${accountId}:key/*`,
    Condition: { StringEquals: { 'aws:RequestTag/use': 'ca' } },
  }
  const use = {
    Effect: 'Allow',
    Action: 'kms:Sign',
    Resource: '*',
    Condition: { StringEquals: { 'aws:ResourceTag/use': 'ca' } },
  }
  const make = (...tags: [string, string][]) =>
    maker.send(
      new CreateKeyCommand({
        KeySpec: 'ECC_NIST_P256',
        KeyUsage: 'SIGN_VERIFY',
        Tags: tags.map(([TagKey, TagValue]) => ({ TagKey, TagValue })),
      }),
    )
  const denied = { name: 'AccessDeniedException' }
  await grant(create, use)
  // Tags need a permission of their own.
  await expect(make(['use', 'ca'])).rejects.toMatchObject(denied)
  await grant(create, use, tag)
  const { KeyMetadata } = await make(['use', 'ca'])
  await expect(make()).rejects.toMatchObject(denied)
  await expect(make(['use', 'other'])).rejects.toMatchObject(denied)
  await expect(make(['use', 'ca'], ['more', 'x'])).rejects.toMatchObject(denied)

  const signAs = (KeyId: string | undefined) =>
    maker.send(new SignCommand({ KeyId, Message: message, SigningAlgorithm }))
  expect((await signAs(KeyMetadata?.KeyId)).Signature).toBeDefined()
  const { KeyId } = await createKey({ Tags: [{ TagKey: 'use', TagValue: 'other' }] })
  await expect(signAs(KeyId)).rejects.toMatchObject(denied)
  // What is tagged later has to be what the role may write.
  const retag = (TagValue: string) =>
    maker.send(new TagResourceCommand({ KeyId: KeyMetadata?.KeyId, Tags: [{ TagKey: 'use', TagValue }] }))
  await retag('ca')
  await expect(retag('other')).rejects.toMatchObject(denied)
})

test('tags are kept', async () => {
  const { KeyId } = await createKey({ Tags: [{ TagKey: 'a', TagValue: '1' }] })
  await client.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'b', TagValue: '2' }] }))
  const { Tags } = await client.send(new ListResourceTagsCommand({ KeyId }))
  expect(Tags).toEqual([
    { TagKey: 'a', TagValue: '1' },
    { TagKey: 'b', TagValue: '2' },
  ])
})

test.each<[Partial<CreateKeyCommandInput>, string]>([
  [{ KeySpec: 'RSA_2048' }, 'NotImplemented'],
  [{ KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' }, 'NotImplemented'],
  [{ KeyUsage: 'KEY_AGREEMENT' }, 'NotImplemented'],
  [{ KeyUsage: 'ENCRYPT_DECRYPT' }, 'ValidationException'],
  [{ MultiRegion: true }, 'NotImplemented'],
  [{ Policy: 'no policy' }, 'MalformedPolicyDocumentException'],
])('a key as %j is refused', async (input, name) => {
  await expect(createKey(input)).rejects.toMatchObject({ name })
})

test('what cannot be signed is refused', async () => {
  const { KeyId } = await createKey()
  const attempt = (input: object) =>
    client.send(new SignCommand({ KeyId, Message: message, SigningAlgorithm, ...input }))
  await expect(attempt({ Message: Buffer.alloc(4097) })).rejects.toMatchObject({ name: 'ValidationException' })
  await expect(attempt({ MessageType: 'DIGEST' })).rejects.toMatchObject({ name: 'ValidationException' })
  await expect(attempt({ SigningAlgorithm: 'ECDSA_SHA_384' })).rejects.toMatchObject({
    name: 'InvalidKeyUsageException',
  })
  await expect(attempt({ KeyId: 'nowhere' })).rejects.toMatchObject({ name: 'NotFoundException' })
  const encryption = client.send(new EncryptCommand({ KeyId, Plaintext: message }))
  await expect(encryption).rejects.toMatchObject({ message: expect.stringContaining('TrentService.Encrypt') })
})

test('the file with the private keys is its owner’s alone', () => {
  for (const file of ['kms.db', 'kms.db-wal']) expect(statSync(join(fixture.folder, file)).mode & 0o077).toBe(0)
})
