import { Stack } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot'
import { Construct } from 'constructs'
import { registrationEventTopic } from '#contract/topics.ts'
import type { DeviceAccess } from './device-access.ts'
import { consumeActions, EventQueue } from './event-queue.ts'
import { grant } from './grant.ts'
import { createFunction } from './thingdrop-function.ts'

/** Just-in-time registration: AWS IoT's event → rule → queue → register-certificate. */
export class Registration extends Construct {
  readonly events: EventQueue

  constructor(scope: Construct, id: string, props: { readonly ledger: Table; readonly access: DeviceAccess }) {
    super(scope, id)
    const { ledger, access } = props
    const { region, account, partition } = Stack.of(this)
    const iotArn = (resource: string) => `arn:${partition}:iot:${region}:${account}:${resource}`
    this.events = new EventQueue(this, 'events', 'register-certificate')

    const register = createFunction(this, 'register-certificate', {
      environment: {
        LEDGER_TABLE: ledger.tableName,
        THING_TYPE: access.thingTypeName,
        DEVICE_POLICY: access.policyName,
        CERTIFICATE_ARN_PREFIX: iotArn('cert/'),
      },
      grants: [
        grant(consumeActions, this.events.queue.queueArn),
        grant(['dynamodb:GetItem', 'dynamodb:UpdateItem'], ledger.tableArn),
        grant(['iot:CreateThing'], iotArn('thing/*')),
        grant(['iot:AttachPolicy', 'iot:UpdateCertificate'], iotArn('cert/*')),
        // No resource type in the Service Authorization Reference: it takes no narrower resource.
        grant(['iot:AttachThingPrincipal'], '*'),
      ],
    })
    // AttachPolicy 15, UpdateCertificate about 10 calls a second for the account: a few at a time keep within them.
    this.events.feed(register, { batchSize: 10, maxConcurrency: 2 })

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
  }
}
