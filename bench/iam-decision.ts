import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCall, requestContext } from '#local/gateway/call.ts'
import { createIam } from '#local/iam/create-iam.ts'
import type { Caller, ConditionContext } from '#local/service.ts'
import { printTable, type Row } from './harness/print-table.ts'
import { timeCall } from './harness/time-call.ts'

const place = { accountId: '000000000000', region: 'us-east-1' }
const clock = () => new Date()
const goalMicroseconds = 20

const folder = await mkdtemp(join(tmpdir(), 'thingdrop-bench-'))
const iam = createIam({ folder, ...place, clock })
const roleArn = `arn:aws:iam::${place.accountId}:role/device`
const bucketArn = 'arn:aws:s3:::uploads'

/** What thingdrop's stack gives to a device and its bucket. */
const devicePolicy = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
    Resource: `${bucketArn}/things/\${credentials-iot:ThingName}/*`,
  },
}
const bucketPolicy = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'DevicesNeverOverwrite',
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:PutObject',
      Resource: `${bucketArn}/*`,
      Condition: {
        ArnEquals: { 'aws:PrincipalArn': roleArn },
        Null: { 's3:if-none-match': 'true' },
        Bool: { 's3:ObjectCreationOperation': 'true' },
      },
    },
    {
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: 's3:*',
      Resource: [bucketArn, `${bucketArn}/*`],
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    },
  ],
}
const trustPolicy = {
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: { Service: 'credentials.iot.amazonaws.com' }, Action: 'sts:AssumeRole' },
}

const asRoot = callOf(iam.root)
iam.operations.CreateRole?.({ RoleName: 'device', AssumeRolePolicyDocument: JSON.stringify(trustPolicy) }, asRoot)
const grant = { RoleName: 'device', PolicyName: 'uploads', PolicyDocument: JSON.stringify(devicePolicy) }
iam.operations.PutRolePolicy?.(grant, asRoot)
const { caller: device } = iam.assumeRole({
  roleArn,
  sessionName: 'device',
  principal: 'credentials.iot.amazonaws.com',
  sessionContext: { 'credentials-iot:ThingName': 'press-1' },
})

function callOf(caller: Caller, context: ConditionContext = {}) {
  const common = { ...requestContext(caller, place.region, clock()), 'aws:SourceIp': '127.0.0.1' }
  const request = { requestId: 'bench', sourceIp: '127.0.0.1', context: { ...common, ...context } }
  return createCall({ authorizer: iam.authorizer, caller, ...request })
}

/** A put by the device, decided by its role and the bucket's policy; a refusal counts as an answer. */
function putOf(key: string, context: ConditionContext) {
  const call = callOf(device, { 's3:ObjectCreationOperation': 'true', ...context })
  return () => {
    try {
      call.authorize('s3:PutObject', `${bucketArn}/${key}`, { resourcePolicy: bucketPolicy })
      return 'allow'
    } catch {
      return 'deny'
    }
  }
}

const noOverwrite = { 's3:if-none-match': '*' }
const cases = [
  { what: 'a device puts below its prefix', expected: 'allow', decide: putOf('things/press-1/a.csv', noOverwrite) },
  { what: 'it may overwrite: explicit deny', expected: 'deny', decide: putOf('things/press-1/a.csv', {}) },
  { what: "another thing's prefix: no allow", expected: 'deny', decide: putOf('things/press-2/a.csv', noOverwrite) },
]
const rows = cases.map(({ what, expected, decide }): Row => {
  if (decide() !== expected) throw new Error(`${what}: the decision was not to ${expected}`)
  const taken = timeCall(decide)
  const goal = { text: `< ${goalMicroseconds} µs`, isMet: taken < goalMicroseconds }
  return { what, ours: `${taken.toFixed(1)} µs`, goal }
})
iam.close()
await rm(folder, { recursive: true })
printTable('IAM: one decision by role and bucket policy', rows)
