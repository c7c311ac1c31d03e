import type { CloudFormationClient } from '@aws-sdk/client-cloudformation'
import { OperatorError } from '../operator-error.ts'

const outputKey = 'ApiUrl'

/** The output `ApiUrl` of a stack. Throws STACK_UNUSABLE; other errors of AWS pass as they are. */
export async function findApiUrl(client: CloudFormationClient, stackName: string): Promise<string> {
  const apiUrl = (await readOutputs(client, stackName)).find(({ OutputKey }) => OutputKey === outputKey)?.OutputValue
  if (apiUrl !== undefined) return apiUrl
  throw new OperatorError('STACK_UNUSABLE', `the stack ${stackName} has no output ${outputKey}`, {
    hint: 'is it a thingdrop stack, and deployed to the end? --stack NAME names another, --api-url goes without one',
  })
}

async function readOutputs(client: CloudFormationClient, stackName: string) {
  const { DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation')
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }))
    return Stacks[0]?.Outputs ?? []
  } catch (cause) {
    // CloudFormation has no code of its own for this: ValidationError, "Stack with id NAME does not exist".
    if (!(cause instanceof Error && cause.name === 'ValidationError' && cause.message.includes('does not exist')))
      throw cause
    throw new OperatorError('STACK_UNUSABLE', `there is no stack ${stackName} in ${await client.config.region()}`, {
      hint: 'check --region and --profile; --stack NAME names another stack, `npx cdk deploy` makes one, --api-url goes without one',
      cause,
    })
  }
}
