import { Stack } from 'aws-cdk-lib'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot'
import { Construct } from 'constructs'
import { registrationEventTopic } from '#contract/topics.ts'
import type { DeviceAccess } from './device-access.ts'
import { consumeActions, EventQueue } from './event-queue.ts'
import { grant } from './grant.ts'
import { iotArns } from './iot-arns.ts'
import { registrationEnvironment } from './registration-environment.ts'
import type { Settings } from './settings.ts'
import type { Tables } from './tables.ts'
import { createFunction } from './thingdrop-function.ts'

/**
 * A registration makes four calls to AWS IoT, of which an account may make so many a second (AWS IoT Core quotas):
 * UpdateCertificate 10, AttachPolicy 15, CreateThing and AttachThingPrincipal 100. Functions that keep to the rate
 * register 1,000 devices that come at once at 7.6 a second, with none left over (bench/registration-storm.ts, on a busy
 * machine); with the SDK's adaptive retries instead, 200 came to 6.6. With neither they came to 7.8, and some calls were
 * throttled until they were given up: the next try is only after the queue's visibility timeout.
 */
const registrationsPerSecond = 10
/** The least that Lambda takes for a queue. */
const maxConcurrency = 2

interface RegistrationProps {
  readonly tables: Tables
  readonly access: DeviceAccess
  readonly settings: Settings
}

/** Just-in-time registration: AWS IoT's event → rule → queue → register-certificate. */
export class Registration extends Construct {
  readonly events: EventQueue
  readonly ruleName: string

  constructor(scope: Construct, id: string, { tables, access, settings }: RegistrationProps) {
    super(scope, id)
    const { ledger, ledgerIndexes } = tables
    const { region, account, partition } = Stack.of(this)
    const iotArn = iotArns(this)
    this.events = new EventQueue(this, 'events', 'register-certificate')

    const register = createFunction(this, 'register-certificate', {
      environment: {
        LEDGER_TABLE: ledger.tableName,
        ...registrationEnvironment(settings.registration, access),
        DEVICE_POLICY: access.policyName,
        CERTIFICATE_ARN_PREFIX: iotArn('cert/'),
        REGISTRATIONS_PER_SECOND: String(registrationsPerSecond / maxConcurrency),
      },
      grants: [
        grant(consumeActions, this.events.queue.queueArn),
        grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], ledger.tableArn),
        grant(['dynamodb:Query'], ledgerIndexes.ofThing),
        grant(['events:PutEvents'], `arn:${partition}:events:${region}:${account}:event-bus/default`),
        grant(['iot:CreateThing'], iotArn('thing/*')),
        grant(['iot:DescribeCertificate', 'iot:UpdateCertificate'], iotArn('cert/*')),
        grant(['iot:AttachPolicy', 'iot:DetachPolicy'], iotArn('cert/*')),
        // No resource type in the Service Authorization Reference: they take no narrower resource.
        grant(['iot:AttachThingPrincipal', 'iot:DetachThingPrincipal'], '*'),
        ...access.thingGroupNames.map((name) =>
          grant(['iot:AddThingToThingGroup'], iotArn('thing/*'), iotArn(`thinggroup/${name}`)),
        ),
      ],
    })
    this.events.feed(register, { batchSize: 10, maxConcurrency })

    const publisher = new Role(this, 'rule-role', { assumedBy: new ServicePrincipal('iot.amazonaws.com') })
    publisher.addToPolicy(grant(['sqs:SendMessage'], this.events.queue.queueArn))
    const rule = new CfnTopicRule(this, 'rule', {
      topicRulePayload: {
        description: 'thingdrop: a certificate that waits for registration connected',
        awsIotSqlVersion: '2016-03-23',
        sql: `SELECT * FROM '${registrationEventTopic}'`,
        actions: [{ sqs: { queueUrl: this.events.queue.queueUrl, roleArn: publisher.roleArn, useBase64: false } }],
      },
    })
    rule.node.addDependency(publisher)
    this.ruleName = rule.ref
  }
}
