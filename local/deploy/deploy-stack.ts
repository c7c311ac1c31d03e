import { type DeployedValues, planStack } from './plan-stack.ts'
import { provisionResource } from './provision-resource.ts'
import { removeLeftovers } from './remove-leftovers.ts'
import { resolve, type Scope } from './resolve.ts'
import type { StackDeployer, StackRequest } from './stack-deployer.ts'
import type { StackOutput, StackRecord, StackRecords } from './stack-records.ts'
import { parseTemplate, type Template } from './template.ts'

/**
 * Brings the services to what the template says. Unlike CloudFormation it does not roll back: after a failure the
 * stack stays as far as it came, and the next deployment goes on from there.
 */
export async function deployStack(request: StackRequest, deployer: StackDeployer): Promise<StackRecord> {
  const { records, clock } = deployer
  const template = parseTemplate(JSON.parse(request.templateBody))
  const earlier = records.stack(request.stackName)
  const stack = startStack(request, template, earlier, deployer)
  const pseudo = {
    'AWS::AccountId': deployer.accountId,
    'AWS::Region': deployer.region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stack.name,
    'AWS::StackId': stack.stackId,
    'AWS::NotificationARNs': [],
  }
  const plan = planStack(template, pseudo, request.parameters)
  const verb = earlier && earlier.status !== 'CREATE_FAILED' ? 'UPDATE' : 'CREATE'
  const save = (change: Partial<StackRecord>): StackRecord => {
    const record = { ...stack, parameters: plan.parameters, ...change, updatedAt: clock().toISOString() }
    records.putStack(record)
    return record
  }
  save({ status: `${verb}_IN_PROGRESS` })
  try {
    const scope = plan.scope(deployedValues(stack.name, records))
    for (const resource of plan.resources) await provisionResource(resource, scope, stack, request, deployer)
    const wanted = new Set(plan.resources.map((resource) => resource.logicalId))
    for (const record of records.resources(stack.name)) {
      if (!wanted.has(record.logicalId)) records.retire(stack.name, record)
    }
    await removeLeftovers(stack, request, deployer)
    return save({ status: `${verb}_COMPLETE`, outputs: readOutputs(template, scope) })
  } catch (error) {
    save({ status: `${verb}_FAILED`, statusReason: (error as Error).message })
    throw error
  }
}

function startStack(
  request: StackRequest,
  template: Template,
  earlier: StackRecord | undefined,
  { accountId, region, clock, randomText }: StackDeployer,
): StackRecord {
  const name = request.stackName
  const { statusReason: _past, ...known } = earlier ?? {}
  return {
    name,
    stackId: `arn:aws:cloudformation:${region}:${accountId}:stack/${name}/${randomText(12).toLowerCase()}`,
    createdAt: clock().toISOString(),
    outputs: [],
    ...known,
    status: 'CREATE_IN_PROGRESS',
    parameters: {},
    templateBody: request.templateBody,
    ...(template.Description && { description: template.Description }),
  }
}

function deployedValues(stack: string, records: StackRecords): DeployedValues {
  return {
    physicalId: (logicalId) => records.resource(stack, logicalId)?.deployed?.physicalId,
    attribute: (logicalId, name) => records.resource(stack, logicalId)?.deployed?.attributes[name],
  }
}

function readOutputs(template: Template, scope: Scope): StackOutput[] {
  return Object.entries(template.Outputs)
    .filter(([, output]) => !output.Condition || scope.condition(output.Condition))
    .map(([key, output]) => ({
      key,
      value: String(resolve(output.Value, scope, `Outputs.${key}`)),
      ...(output.Description && { description: output.Description }),
    }))
}
