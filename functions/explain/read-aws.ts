import { GetRoleCommand, type IAMClient, ListRolePoliciesCommand } from '@aws-sdk/client-iam'
import {
  DescribeCACertificateCommand,
  DescribeCertificateCommand,
  DescribeRoleAliasCommand,
  DescribeThingCommand,
  GetPolicyCommand,
  GetTopicRuleCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListThingPrincipalsCommand,
} from '@aws-sdk/client-iot'
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { askAws } from './ask.ts'
import type { Answer, CaFacts, CertificateFacts, StackFacts, StackNames, ThingFacts } from './facts.ts'
import { readDocument } from './policy-documents.ts'

interface AwsClients {
  readonly iot: IoTClient
  readonly iam: IAMClient
  readonly sqs: SQSClient
}

/** What AWS says of a device's way. A call that fails tells so in its own answer, and leaves the others alone. */
export function createAwsReader({ iot, iam, sqs }: AwsClients, names: StackNames) {
  return {
    ca: (certificateId: string): Promise<CaFacts['iot']> =>
      askAws('DescribeCACertificate', async () => {
        const { certificateDescription: ca } = await iot.send(new DescribeCACertificateCommand({ certificateId }))
        return (
          ca && {
            isActive: ca.status === 'ACTIVE',
            registersByItself: ca.autoRegistrationStatus === 'ENABLE',
            notAfter: ca.validity?.notAfter,
          }
        )
      }),

    certificate: (certificateId: string): Promise<CertificateFacts['iot']> =>
      askAws('DescribeCertificate', async () => {
        const { certificateDescription: found } = await iot.send(new DescribeCertificateCommand({ certificateId }))
        return (
          found && {
            status: found.status ?? 'unknown',
            caCertificateId: found.caCertificateId,
            notBefore: found.validity?.notBefore,
            notAfter: found.validity?.notAfter,
            changedAt: found.lastModifiedDate ?? found.creationDate,
          }
        )
      }),

    /** A certificate has ten at most: one page (AWS IoT quotas). */
    attachedPolicies: (certificateId: string): Promise<CertificateFacts['policies']> =>
      askAws('ListAttachedPolicies', async () => {
        const target = `${names.certificateArnPrefix}${certificateId}`
        const { policies = [] } = await iot.send(new ListAttachedPoliciesCommand({ target }))
        return policies.map(({ policyName = '' }) => policyName)
      }),

    thing: (thingName: string): Promise<ThingFacts['iot']> =>
      askAws('DescribeThing', async () => {
        const { thingTypeName } = await iot.send(new DescribeThingCommand({ thingName }))
        return { thingTypeName }
      }),

    attachedCertificates: (thingName: string): Promise<ThingFacts['attached']> =>
      askAws('ListThingPrincipals', async () => {
        const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName, maxResults: 250 }))
        return principals
          .filter((principal) => principal.startsWith(names.certificateArnPrefix))
          .map((principal) => principal.slice(names.certificateArnPrefix.length))
      }),

    async stack(): Promise<StackFacts> {
      const [rule, waitingEvents, deadLetters, policy, alias, role, rolePolicies] = await Promise.all([
        readRule(iot, names.registrationRule),
        countWaiting(sqs, names.registrationQueueUrl),
        readDeadLetters(sqs, names.registrationDeadLettersUrl),
        askAws('GetPolicy', async () => {
          const { policyDocument } = await iot.send(new GetPolicyCommand({ policyName: names.devicePolicy }))
          return readDocument(policyDocument)
        }),
        askAws('DescribeRoleAlias', async () => {
          const { roleAliasDescription: found } = await iot.send(
            new DescribeRoleAliasCommand({ roleAlias: names.roleAlias }),
          )
          return found && { roleArn: found.roleArn, sessionSeconds: found.credentialDurationSeconds ?? 3600 }
        }),
        askAws('GetRole', async () => {
          const { Role } = await iam.send(new GetRoleCommand({ RoleName: names.roleName }))
          const trust = readDocument(Role?.AssumeRolePolicyDocument)
          return Role && { trust, maxSessionSeconds: Role.MaxSessionDuration ?? 3600 }
        }),
        askAws('ListRolePolicies', async () => {
          const found = await iam.send(new ListRolePoliciesCommand({ RoleName: names.roleName, MaxItems: 1000 }))
          return found.PolicyNames
        }),
      ])
      return { rule, waitingEvents, deadLetters, policy, alias, role, rolePolicies }
    },
  }
}

export type AwsReader = ReturnType<typeof createAwsReader>

function readRule(iot: IoTClient, ruleName: string): Promise<StackFacts['rule']> {
  return askAws('GetTopicRule', async () => {
    const { rule } = await iot.send(new GetTopicRuleCommand({ ruleName }))
    return rule && { isEnabled: rule.ruleDisabled !== true }
  })
}

/** Those that a function has at work are among them. */
function countWaiting(sqs: SQSClient, QueueUrl: string): Promise<Answer<number>> {
  return askAws('GetQueueAttributes', async () => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    )
    return Object.values(Attributes).reduce((sum, value) => sum + Number(value), 0)
  })
}

function readDeadLetters(sqs: SQSClient, QueueUrl: string): Promise<StackFacts['deadLetters']> {
  return askAws('GetQueueAttributes', async () => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'QueueArn'] }),
    )
    return { count: Number(Attributes.ApproximateNumberOfMessages ?? 0), queueArn: Attributes.QueueArn ?? '' }
  })
}
