import { execFile } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  DeleteRolePolicyCommand,
  IAMClient,
  ListRolesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import {
  DeleteRoleAliasCommand,
  DeleteThingCommand,
  DescribeRoleAliasCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  DisableTopicRuleCommand,
  EnableTopicRuleCommand,
  IoTClient,
  ListTopicRulesCommand,
  UpdateCACertificateCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Explanation } from '#contract/explanation.ts'
import { createDevice } from '#device/index.ts'
import { programs } from './bundle.ts'
import { eventually } from './eventually.ts'
import { hasProgram } from './has-program.ts'
import { startTestCloud, type TestCloud } from './test-cloud.ts'
import { enrollDevice, patience, registerDevice, type TestDevice, tryToConnect } from './test-device.ts'

// Each mend is a process of its own, and most are the AWS CLI's.
vi.setConfig({ testTimeout: 120_000 })
const testWithAws = test.skipIf(!hasProgram('aws'))

type StepName = Explanation['steps'][number]['step']

let cloud: TestCloud
let iot: IoTClient
let iam: IAMClient
let folder: string
beforeAll(async () => {
  cloud = await startTestCloud()
  iot = new IoTClient(cloud.client())
  iam = new IAMClient(cloud.client())
  folder = join(cloud.stateDir, 'operator')
  await mkdir(folder)
  await writeFile(join(folder, 'thingdrop'), `#!/bin/sh\nexec '${process.execPath}' '${programs.thingdrop}' "$@"\n`)
  await chmod(join(folder, 'thingdrop'), 0o755)
})
afterAll(() => cloud?.close())

async function explain(subject: string) {
  const { steps, ...about } = await cloud.operator.explain(subject)
  const outcomes = Object.fromEntries(steps.map(({ step, outcome }) => [step, outcome]))
  const brokenSteps = steps.filter(({ outcome }) => outcome === 'broken')
  const step = (name: StepName) => steps.find((candidate) => candidate.step === name)
  return { ...about, outcomes, brokenSteps, step, steps }
}

/** Runs a mend as the operator's shell would. */
async function runMend(command: string | undefined): Promise<string> {
  if (command === undefined) throw new Error('no mend was given')
  const env = { ...cloud.environment, HOME: folder, PATH: `${folder}:${process.env.PATH}` }
  const { stdout } = await promisify(execFile)('sh', ['-c', command], { env, cwd: folder })
  return stdout
}

/** The only step that is broken. */
async function expectBroken(subject: string, step: StepName, finding: RegExp) {
  const { brokenSteps } = await explain(subject)
  expect(brokenSteps).toEqual([
    { step, outcome: 'broken', finding: expect.stringMatching(finding), mend: expect.any(String) },
  ])
  return brokenSteps[0]?.mend
}

/** All but the upload, which comes with the first file. */
async function eventuallyHolds(subject: string): Promise<void> {
  await eventually(`the way of ${subject} holds`, async () => {
    const { steps } = await explain(subject)
    return steps.every(({ step, outcome }) => outcome === 'holds' || (step === 'upload' && outcome === 'waiting'))
  })
}

const arnOf = ({ certificateId }: TestDevice) =>
  `arn:aws:iot:${cloud.cloud.region}:${cloud.cloud.accountId}:cert/${certificateId()}`

/** By a device that just started: a refusal is kept for minutes. */
async function seenByDevice({ dir }: TestDevice): Promise<string> {
  const device = createDevice({ dir })
  try {
    await device.credentials()
    return 'credentials'
  } catch (error) {
    return (error as Error).message
  } finally {
    device.close()
  }
}

/** Each connection before the last sent an event: until those are done, what is taken away may be put back. */
async function registrationIsOver(): Promise<void> {
  const sqs = new SQSClient(cloud.client())
  await eventually('the registration queue is empty', async () => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: cloud.output('RegistrationQueueUrl'),
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    )
    return Object.values(Attributes).every((value) => value === '0')
  })
}

test('the way of a device that uploads holds, by its thing and by its certificate', async () => {
  const press = await registerDevice(cloud, 'press-1')
  expect((await explain('press-1')).step('upload')).toMatchObject({ outcome: 'waiting', finding: 'no file came yet' })
  await press.device.upload(await press.file('a.csv', 'a,b\n'))
  await eventually('the upload is told', async () => (await explain('press-1')).outcomes.upload === 'holds')
  for (const subject of ['press-1', press.certificateId()]) {
    const { thingName, certificateId, steps } = await explain(subject)
    expect({ thingName, certificateId }).toEqual({ thingName: 'press-1', certificateId: press.certificateId() })
    expect(steps.filter(({ outcome }) => outcome !== 'holds')).toEqual([])
    expect(steps).toHaveLength(9)
  }
})

test('what is neither a thing nor a certificate is not found', async () => {
  for (const subject of ['nobody', 'f'.repeat(64)]) {
    await expect(cloud.operator.explain(subject)).rejects.toMatchObject({ code: 'NOT_FOUND', hint: /thingdrop/ })
  }
})

test('a claim waits, and a certificate that never connected waits', async () => {
  const { claimId } = await cloud.operator.claims.create({ thingName: 'press-2' })
  const claimed = await explain('press-2')
  expect(claimed.outcomes).toEqual({
    ca: 'holds',
    certificate: 'waiting',
    registration: 'waiting',
    thing: 'waiting',
    policy: 'waiting',
    'role-alias': 'holds',
    role: 'holds',
    credentials: 'waiting',
    upload: 'waiting',
  })
  expect(claimed.certificateId).toBeUndefined()
  expect(claimed.step('certificate')?.finding).toContain(claimId)

  const press = await enrollDevice(cloud, 'press-2')
  const vended = await explain('press-2')
  expect(vended.certificateId).toBe(press.certificateId())
  expect(vended.outcomes).toMatchObject({ certificate: 'holds', registration: 'waiting', thing: 'waiting' })
  expect(vended.step('registration')?.finding).toBe('the device never connected, and has to connect once')
  expect(vended.brokenSteps).toEqual([])
})

test('a clone in quarantine is told why, and its mend lets it take the thing over', async () => {
  const first = await enrollDevice(cloud, 'press-3')
  const clone = await enrollDevice(cloud, 'press-3', { folder: 'press-3-clone' })
  await (await first.device.connect(patience)).disconnect()
  expect(await tryToConnect(clone)).toBe('REGISTRATION_PENDING')
  await eventually('the quarantine', async () => (await explain(clone.certificateId())).brokenSteps.length > 0)
  const mend = await expectBroken(clone.certificateId(), 'registration', /THING_HELD/)
  expect((await explain(clone.certificateId())).outcomes).toMatchObject({ thing: 'unknown', credentials: 'unknown' })
  expect((await explain('press-3')).brokenSteps).toEqual([])

  await runMend(mend)
  await eventuallyHolds('press-3')
  expect((await explain('press-3')).certificateId).toBe(clone.certificateId())
  const former = await explain(first.certificateId())
  expect(former.brokenSteps).toMatchObject([{ step: 'certificate', mend: 'thingdrop explain press-3' }])
})

testWithAws('a CA that a person set INACTIVE keeps new devices out', async () => {
  const certificateId = cloud.output('CaCertificateId')
  const press = await enrollDevice(cloud, 'press-4')
  await iot.send(
    new UpdateCACertificateCommand({ certificateId, newStatus: 'INACTIVE', newAutoRegistrationStatus: 'DISABLE' }),
  )
  const mend = await expectBroken('press-4', 'ca', /is INACTIVE/)
  expect((await explain('press-4')).outcomes).toMatchObject({ certificate: 'holds', registration: 'unknown' })
  expect((await explain('press-1')).outcomes).toMatchObject({ ca: 'broken', registration: 'holds', upload: 'holds' })
  await runMend(mend)
  await (await press.device.connect(patience)).disconnect()
  await eventuallyHolds('press-4')
})

testWithAws('a topic rule that is disabled keeps new devices out', async () => {
  const { rules = [] } = await iot.send(new ListTopicRulesCommand({}))
  const press = await enrollDevice(cloud, 'press-5')
  await iot.send(new DisableTopicRuleCommand({ ruleName: rules[0]?.ruleName }))
  expect(await tryToConnect(press)).toBe('REGISTRATION_PENDING')
  await runMend(await expectBroken('press-5', 'registration', /topic rule .* is disabled/))
  expect((await explain('press-5')).outcomes.registration).toBe('waiting')
  await (await press.device.connect(patience)).disconnect()
  await eventuallyHolds('press-5')
})

testWithAws('a certificate that was activated by hand is registered by its mend', async () => {
  const { rules = [] } = await iot.send(new ListTopicRulesCommand({}))
  const [{ ruleName } = {}] = rules
  const press = await enrollDevice(cloud, 'press-7')
  await iot.send(new DisableTopicRuleCommand({ ruleName }))
  expect(await tryToConnect(press)).toBe('REGISTRATION_PENDING')
  await iot.send(new EnableTopicRuleCommand({ ruleName }))
  await iot.send(new UpdateCertificateCommand({ certificateId: press.certificateId(), newStatus: 'ACTIVE' }))
  const mend = await expectBroken('press-7', 'registration', /is ACTIVE .*no event of it waits/)
  // Version 1 of the AWS CLI asks for the address of SQS itself.
  await runMend(mend?.replace('aws sqs', 'aws sqs --endpoint-url "$AWS_ENDPOINT_URL"'))
  await eventuallyHolds('press-7')
})

test('what AWS does not answer leaves its own step unknown, and the others told', async () => {
  await registerDevice(cloud, 'press-8')
  const { Roles = [] } = await iam.send(new ListRolesCommand({}))
  const { RoleName } = Roles.find((role) => role.RoleName?.includes('explain')) ?? {}
  const Statement = { Effect: 'Deny', Action: ['iot:DescribeThing', 'iam:GetRole'], Resource: '*' }
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'blind', PolicyDocument }))
  const { outcomes, step } = await explain('press-8')
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'blind' }))
  expect(outcomes).toMatchObject({ registration: 'holds', thing: 'unknown', policy: 'holds', role: 'unknown' })
  expect(step('thing')?.finding).toBe('this cannot be told: DescribeThing answered AccessDeniedException')
  expect(step('role')?.finding).toMatch(/^this cannot be told: GetRole answered AccessDenied/)
  await eventuallyHolds('press-8')
})

/** What a person does to a device that works, the step that says so, and what the device sees. */
const accidents: readonly {
  readonly what: string
  readonly step: StepName
  readonly finding: RegExp
  readonly deviceSees: string
  readonly happen: (press: TestDevice, thingName: string) => Promise<unknown>
}[] = [
  {
    what: 'its certificate is set INACTIVE',
    step: 'certificate',
    finding: /AWS IoT has it INACTIVE/,
    deviceSees: 'Certificate is invalid on this endpoint',
    happen: ({ certificateId }) =>
      iot.send(new UpdateCertificateCommand({ certificateId: certificateId(), newStatus: 'INACTIVE' })),
  },
  {
    what: 'its thing is detached',
    step: 'thing',
    finding: /is not attached to the certificate/,
    deviceSees: 'Invalid thing name passed',
    happen: (press, thingName) => iot.send(new DetachThingPrincipalCommand({ thingName, principal: arnOf(press) })),
  },
  {
    what: 'its thing is deleted',
    step: 'thing',
    finding: /AWS IoT has no thing/,
    deviceSees: 'Invalid thing name passed',
    async happen(press, thingName) {
      await iot.send(new DetachThingPrincipalCommand({ thingName, principal: arnOf(press) }))
      await iot.send(new DeleteThingCommand({ thingName }))
    },
  },
  {
    what: 'its policy is detached',
    step: 'policy',
    finding: /the policy Thingdrop-device is not attached/,
    deviceSees: 'Access Denied',
    happen: (press) => iot.send(new DetachPolicyCommand({ policyName: 'Thingdrop-device', target: arnOf(press) })),
  },
  {
    what: 'the role alias is deleted',
    step: 'role-alias',
    finding: /the role alias Thingdrop-uploads is not there/,
    deviceSees: 'Role alias does not exist',
    happen: () => iot.send(new DeleteRoleAliasCommand({ roleAlias: 'Thingdrop-uploads' })),
  },
  {
    what: 'the role trusts another service',
    step: 'role',
    finding: /does not trust AWS IoT’s credentials provider/,
    deviceSees: 'Unable to assume the role, or the role to assume does not exist',
    async happen() {
      const statement = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
      await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: await deviceRole(), PolicyDocument }))
    },
  },
  {
    what: 'the role denies its credentials',
    step: 'role',
    finding: /denies everything to credentials of this certificate/,
    deviceSees: 'credentials',
    async happen({ certificateId }) {
      const Condition = { StringEquals: { 'credentials-iot:AwsCertificateId': certificateId() } }
      const Statement = [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }]
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
      const PolicyName = `revoked-1700000000-${certificateId()}`
      await iam.send(new PutRolePolicyCommand({ RoleName: await deviceRole(), PolicyName, PolicyDocument }))
    },
  },
]

async function deviceRole(): Promise<string> {
  const { roleAliasDescription } = await iot.send(new DescribeRoleAliasCommand({ roleAlias: 'Thingdrop-uploads' }))
  return roleAliasDescription?.roleArn?.split('/').at(-1) ?? ''
}

testWithAws.each(accidents.map((accident, index) => [accident.what, accident, `mill-${index}`] as const))(
  'when %s, that step is broken, and its mend mends it',
  async (_, { step, finding, deviceSees, happen }, thingName) => {
    const press = await registerDevice(cloud, thingName)
    await registrationIsOver()
    await happen(press, thingName)
    const mend = await expectBroken(thingName, step, finding)
    expect(await seenByDevice(press)).toContain(deviceSees)
    const { credentials, upload } = Object.fromEntries(
      (await explain(thingName)).steps.map((explained) => [explained.step, explained]),
    )
    expect(credentials).toMatchObject({ outcome: 'unknown', finding: expect.stringContaining(deviceSees) })
    expect(upload?.outcome).toBe('unknown')

    await runMend(mend)
    await eventuallyHolds(thingName)
    await press.device.upload(await press.file('a.csv', `${thingName}\n`))
  },
)

test('a revoked device is told so, and its mend lets it enroll again', async () => {
  await registerDevice(cloud, 'press-6')
  await cloud.operator.things.revoke('press-6', { reason: 'stolen from the yard' })
  const mend = await expectBroken('press-6', 'certificate', /revoked at .*"stolen from the yard"/)
  expect((await explain('press-6')).outcomes).toMatchObject({
    ca: 'holds',
    registration: 'unknown',
    thing: 'unknown',
    'role-alias': 'holds',
    role: 'holds',
    credentials: 'unknown',
  })
  expect(mend).toBe('thingdrop claims create --thing press-6')
  await runMend(mend)
  expect((await explain('press-6')).outcomes).toMatchObject({ certificate: 'waiting', registration: 'waiting' })
  await registerDevice(cloud, 'press-6', { folder: 'press-6-again' })
  await eventuallyHolds('press-6')
})
