import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam'

/** Lets a role do these actions on these resources. */
export function grant(actions: readonly string[], ...resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ effect: Effect.ALLOW, actions: [...actions], resources: [...resources] })
}
