import { InvokeCommand, LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda'
import type { TestCloud } from './test-cloud.ts'

/** Runs a sweep now. Throws when it fails. */
export async function invokeSweep(cloud: TestCloud, of: 'certificates' | 'uploads' = 'certificates'): Promise<void> {
  const lambda = new LambdaClient(cloud.client())
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}))
  const sweep = Functions.find(({ FunctionName }) => FunctionName?.includes(`sweep${of}`))
  const answer = await lambda.send(new InvokeCommand({ FunctionName: sweep?.FunctionName }))
  if (answer.FunctionError) throw new Error(Buffer.from(answer.Payload ?? []).toString())
}
