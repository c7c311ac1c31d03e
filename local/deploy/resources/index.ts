import type { ResourceType } from '../resource-type.ts'
import { httpApi, httpApiIntegration, httpApiRoute, httpApiStage } from './api-gateway-v2.ts'
import { customResource } from './custom-resource.ts'
import { globalTable } from './dynamodb-global-table.ts'
import { table } from './dynamodb-table.ts'
import { eventsRule } from './events-rule.ts'
import { managedPolicy, policy } from './iam-policy.ts'
import { role } from './iam-role.ts'
import { iotPolicy } from './iot-policy.ts'
import { roleAlias } from './iot-role-alias.ts'
import { thingGroup } from './iot-thing-group.ts'
import { thingType } from './iot-thing-type.ts'
import { topicRule } from './iot-topic-rule.ts'
import { key, keyAlias } from './kms.ts'
import { eventSourceMapping } from './lambda-event-source-mapping.ts'
import { lambdaFunction } from './lambda-function.ts'
import { permission } from './lambda-permission.ts'
import { logGroup } from './log-group.ts'
import { bucket } from './s3-bucket.ts'
import { bucketPolicy } from './s3-bucket-policy.ts'
import { queue, queuePolicy } from './sqs.ts'

export const resourceTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::ApiGatewayV2::Api': httpApi,
  'AWS::ApiGatewayV2::Integration': httpApiIntegration,
  'AWS::ApiGatewayV2::Route': httpApiRoute,
  'AWS::ApiGatewayV2::Stage': httpApiStage,
  'AWS::CloudFormation::CustomResource': customResource,
  'AWS::DynamoDB::GlobalTable': globalTable,
  'AWS::DynamoDB::Table': table,
  'AWS::Events::Rule': eventsRule,
  'AWS::IAM::ManagedPolicy': managedPolicy,
  'AWS::IAM::Policy': policy,
  'AWS::IAM::Role': role,
  'AWS::IoT::Policy': iotPolicy,
  'AWS::IoT::RoleAlias': roleAlias,
  'AWS::IoT::ThingGroup': thingGroup,
  'AWS::IoT::ThingType': thingType,
  'AWS::IoT::TopicRule': topicRule,
  'AWS::KMS::Alias': keyAlias,
  'AWS::KMS::Key': key,
  'AWS::Lambda::EventSourceMapping': eventSourceMapping,
  'AWS::Lambda::Function': lambdaFunction,
  'AWS::Lambda::Permission': permission,
  'AWS::Logs::LogGroup': logGroup,
  'AWS::S3::Bucket': bucket,
  'AWS::S3::BucketPolicy': bucketPolicy,
  'AWS::SQS::Queue': queue,
  'AWS::SQS::QueuePolicy': queuePolicy,
}

export function findResourceType(name: string): ResourceType | undefined {
  const known = name.startsWith('Custom::') ? 'AWS::CloudFormation::CustomResource' : name
  return Object.hasOwn(resourceTypes, known) ? resourceTypes[known] : undefined
}
