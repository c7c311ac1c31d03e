import { createCall } from '#local/gateway/call.ts'
import type { Iam } from '#local/iam/create-iam.ts'
import type { Call, Caller } from '#local/service.ts'

/** A call that the account itself makes, or another caller. */
export function callOf(iam: Iam, caller: Caller = iam.root): Call {
  return createCall({
    authorizer: iam.authorizer,
    caller,
    requestId: 'test',
    sourceIp: '127.0.0.1',
    context: {},
  })
}

/** A role that a service may assume, with one inline policy of these statements. */
export async function createRole(
  iam: Iam,
  role: { name: string; trusts: string; statements?: readonly object[]; maxSessionSeconds?: number },
): Promise<string> {
  const call = callOf(iam)
  const output = (await iam.operations.CreateRole?.(
    {
      RoleName: role.name,
      MaxSessionDuration: role.maxSessionSeconds ?? 3600,
      AssumeRolePolicyDocument: policyDocument([
        { Effect: 'Allow', Principal: { Service: role.trusts }, Action: 'sts:AssumeRole' },
      ]),
    },
    call,
  )) as { Role: { Arn: string } }
  if (role.statements) {
    const PolicyDocument = policyDocument(role.statements)
    await iam.operations.PutRolePolicy?.({ RoleName: role.name, PolicyName: 'inline', PolicyDocument }, call)
  }
  return output.Role.Arn
}

function policyDocument(statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}
