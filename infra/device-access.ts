import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { AnyPrincipal, Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnPolicy, CfnRoleAlias, CfnThingGroup, CfnThingType } from 'aws-cdk-lib/aws-iot'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { thingTopics } from '#contract/topics.ts'
import { grant } from './grant.ts'
import { iotArns } from './iot-arns.ts'
import type { Settings } from './settings.ts'

interface DeviceAccessProps {
  readonly bucket: Bucket
  readonly settings: Settings
}

/** What a registered device is and may do: its thing type, its IoT policy, and the role behind its credentials. */
export class DeviceAccess extends Construct {
  /** The first is the default. */
  readonly thingTypeNames: readonly string[]
  readonly thingGroupNames: readonly string[]
  readonly policyName: string
  readonly roleAlias: string
  readonly role: Role
  readonly credentialsLifetime = Duration.hours(1)

  constructor(scope: Construct, id: string, { bucket, settings }: DeviceAccessProps) {
    super(scope, id)
    const { stackName } = Stack.of(this)
    const iotArn = iotArns(this)

    this.thingTypeNames = settings.thingTypes ?? [`${stackName}-device`]
    for (const [index, thingTypeName] of this.thingTypeNames.entries()) {
      const thingType = new CfnThingType(this, index === 0 ? 'thing-type' : `thing-type-${thingTypeName}`, {
        thingTypeName,
        thingTypeProperties: { thingTypeDescription: 'A device that uploads with thingdrop' },
      })
      // Things keep their type, and a type must be deprecated for five minutes before it can go.
      thingType.applyRemovalPolicy(RemovalPolicy.RETAIN)
    }
    this.thingGroupNames = settings.thingGroups
    for (const thingGroupName of this.thingGroupNames) {
      new CfnThingGroup(this, `thing-group-${thingGroupName}`, { thingGroupName })
    }

    this.role = new Role(this, 'role', {
      assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com'),
      maxSessionDuration: this.credentialsLifetime,
      description: 'What a device may do: write below its own prefix in S3, and renew its certificate',
    })
    const actions = objectActions(settings)
    if (actions.length > 0) {
      this.role.addToPolicy(grant(actions, bucket.arnForObjects(`things/\${credentials-iot:ThingName}/*`)))
    }
    bucket.addToResourcePolicy(refuseOverwrite(bucket, this.role))

    this.roleAlias = `${stackName}-uploads`
    new CfnRoleAlias(this, 'role-alias', {
      roleAlias: this.roleAlias,
      roleArn: this.role.roleArn,
      credentialDurationSeconds: this.credentialsLifetime.toSeconds(),
    })

    this.policyName = `${stackName}-device`
    new CfnPolicy(this, 'policy', {
      policyName: this.policyName,
      policyDocument: devicePolicy(iotArn, this.roleAlias),
    })
  }
}

/** PutObject covers multipart uploads; a device takes its own unfinished ones up again, or back. */
function objectActions({ devices: { writeToS3, tagObjects } }: Settings): string[] {
  if (!writeToS3) return []
  const write = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']
  return tagObjects ? [...write, 's3:PutObjectTagging'] : write
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
