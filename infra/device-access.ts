import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnPolicy, CfnRoleAlias, CfnThingType } from 'aws-cdk-lib/aws-iot'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { thingTopics } from '#contract/topics.ts'
import { grant } from './grant.ts'

const credentialsLifetime = Duration.hours(1)

/** What a registered device is and may do: its thing type, its IoT policy, and the role behind its credentials. */
export class DeviceAccess extends Construct {
  readonly thingTypeName: string
  readonly policyName: string
  readonly roleAlias: string

  constructor(scope: Construct, id: string, { bucket }: { readonly bucket: Bucket }) {
    super(scope, id)
    const { region, account, partition, stackName } = Stack.of(this)
    const iotArn = (resource: string) => `arn:${partition}:iot:${region}:${account}:${resource}`

    this.thingTypeName = `${stackName}-device`
    const thingType = new CfnThingType(this, 'thing-type', {
      thingTypeName: this.thingTypeName,
      thingTypeProperties: { thingTypeDescription: 'A device that uploads with thingdrop' },
    })
    // Things keep their type, and a type must be deprecated for five minutes before it can go.
    thingType.applyRemovalPolicy(RemovalPolicy.RETAIN)

    const role = new Role(this, 'role', {
      assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com'),
      maxSessionDuration: credentialsLifetime,
      description: 'What a device may do in S3: write below its own prefix',
    })
    role.addToPolicy(
      grant(
        // PutObject covers multipart uploads; a device takes its own unfinished ones up again, or back.
        ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        bucket.arnForObjects(`things/\${credentials-iot:ThingName}/*`),
      ),
    )
    bucket.addToResourcePolicy(refuseOverwrite(bucket, role))

    this.roleAlias = `${stackName}-uploads`
    new CfnRoleAlias(this, 'role-alias', {
      roleAlias: this.roleAlias,
      roleArn: role.roleArn,
      credentialDurationSeconds: credentialsLifetime.toSeconds(),
    })

    this.policyName = `${stackName}-device`
    new CfnPolicy(this, 'policy', {
      policyName: this.policyName,
      policyDocument: devicePolicy(iotArn, this.roleAlias),
    })
  }
}

/** A device connects as its own thing, attached to its certificate; it speaks below its own topics and may trade its certificate. */
function devicePolicy(iotArn: (resource: string) => string, roleAlias: string) {
  const thing = `\${iot:Connection.Thing.ThingName}`
  const attached = { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } }
  const topics = thingTopics(thing)
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: iotArn(`client/${thing}`), Condition: attached },
      { Effect: 'Allow', Action: ['iot:Publish', 'iot:Receive'], Resource: iotArn(`topic/${topics}`) },
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: iotArn(`topicfilter/${topics}`) },
      {
        Effect: 'Allow',
        Action: 'iot:AssumeRoleWithCertificate',
        Resource: iotArn(`rolealias/${roleAlias}`),
        Condition: attached,
      },
    ],
  }
}

/**
 * A PUT that does not say `If-None-Match: *` could overwrite. Parts of a multipart upload carry no such header; their
 * completion does (S3 user guide, "Enforce conditional writes").
 */
function refuseOverwrite(bucket: Bucket, role: Role): PolicyStatement {
  return new PolicyStatement({
    sid: 'DevicesNeverOverwrite',
    effect: Effect.DENY,
    principals: [new AnyPrincipal()],
    actions: ['s3:PutObject'],
    resources: [bucket.arnForObjects('*')],
    conditions: {
      ArnEquals: { 'aws:PrincipalArn': role.roleArn },
      Null: { 's3:if-none-match': 'true' },
      Bool: { 's3:ObjectCreationOperation': 'true' },
    },
  })
}
