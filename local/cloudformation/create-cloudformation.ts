import type { Stack, StackResource } from '@aws-sdk/client-cloudformation'
import type { StackRecord, StackRecords } from '#local/deploy/stack-records.ts'
import { awsQuery } from '#local/gateway/aws-query.ts'
import { AwsError, type Call, type HttpService, type Operations } from '#local/service.ts'

/** CloudFormation's reading operations on what the deployer deployed; deploying itself is not an API here. */
export function createCloudFormation(records: StackRecords): { operations: Operations; service: HttpService } {
  function findStack(name: string, action: string, call: Call): StackRecord {
    const found = records.stacks().find((stack) => stack.name === name || stack.stackId === name)
    call.authorize(`cloudformation:${action}`, found?.stackId ?? '*')
    if (found) return found
    throw new AwsError('ValidationError', `Stack with id ${name} does not exist`)
  }

  const operations: Operations = {
    DescribeStacks({ StackName }, call) {
      if (StackName) return { Stacks: [describeStack(findStack(StackName, 'DescribeStacks', call))] }
      call.authorize('cloudformation:DescribeStacks', '*')
      return { Stacks: records.stacks().map(describeStack) }
    },
    ListStacks({ StackStatusFilter }, call) {
      call.authorize('cloudformation:ListStacks', '*')
      const wanted = (stack: Stack) => !StackStatusFilter || StackStatusFilter.includes(stack.StackStatus)
      const StackSummaries = records
        .stacks()
        .map(describeStack)
        .filter(wanted)
        .map(({ Outputs: _outputs, Parameters: _parameters, Description, ...summary }) => ({
          ...summary,
          TemplateDescription: Description,
        }))
      return { StackSummaries }
    },
    DescribeStackResources({ StackName, LogicalResourceId }, call) {
      const stack = findStack(StackName, 'DescribeStackResources', call)
      const StackResources = describeResources(records, stack).filter(
        (resource) => !LogicalResourceId || resource.LogicalResourceId === LogicalResourceId,
      )
      return { StackResources }
    },
    GetTemplate({ StackName }, call) {
      const { templateBody } = findStack(StackName, 'GetTemplate', call)
      return { TemplateBody: templateBody, StagesAvailable: ['Original'] }
    },
  }
  const service = awsQuery({
    operations,
    version: '2010-05-15',
    namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    types: { StackStatusFilter: 'list' },
  })
  return { operations, service }
}

function describeStack(stack: StackRecord): Stack {
  return {
    StackId: stack.stackId,
    StackName: stack.name,
    ...(stack.description && { Description: stack.description }),
    Parameters: Object.entries(stack.parameters).map(([ParameterKey, value]) => ({
      ParameterKey,
      ParameterValue: String(value),
    })),
    CreationTime: new Date(stack.createdAt),
    ...(stack.updatedAt && { LastUpdatedTime: new Date(stack.updatedAt) }),
    StackStatus: stack.status,
    ...(stack.statusReason && { StackStatusReason: stack.statusReason }),
    Outputs: stack.outputs.map(({ key, value, description }) => ({
      OutputKey: key,
      OutputValue: value,
      ...(description && { Description: description }),
    })),
  }
}

function describeResources(records: StackRecords, stack: StackRecord): StackResource[] {
  return records.resources(stack.name).map((resource) => ({
    StackName: stack.name,
    StackId: stack.stackId,
    LogicalResourceId: resource.logicalId,
    PhysicalResourceId: resource.deployed?.physicalId,
    ResourceType: resource.type,
    Timestamp: new Date(resource.updatedAt),
    ResourceStatus: resource.status,
    ...(resource.statusReason && { ResourceStatusReason: resource.statusReason }),
  }))
}
