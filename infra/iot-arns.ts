import { Stack } from 'aws-cdk-lib'
import type { Construct } from 'constructs'

/** Names resources of AWS IoT in the stack's account: `cert/*` → `arn:aws:iot:REGION:ACCOUNT:cert/*`. */
export function iotArns(scope: Construct): (resource: string) => string {
  const { region, account, partition } = Stack.of(scope)
  return (resource) => `arn:${partition}:iot:${region}:${account}:${resource}`
}
