import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { bundleOf } from './bundle-functions.ts'
import { type FunctionName, functions } from './functions.ts'

interface ThingdropFunctionProps {
  readonly environment: Readonly<Record<string, string>>
  /** Exactly what the function calls; writing its own log is added here. */
  readonly grants: readonly PolicyStatement[]
}

/** One Lambda with a log group and a role of its own: no managed policy, so the template shows all that it may do. */
export function createFunction(scope: Construct, name: FunctionName, { environment, grants }: ThingdropFunctionProps) {
  const { memoryMb, timeoutSeconds } = functions[name]
  const role = new Role(scope, `${name}-role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  const logGroup = new LogGroup(scope, `${name}-log`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  logGroup.grantWrite(role)
  for (const grant of grants) role.addToPolicy(grant)

  return new LambdaFunction(scope, name, {
    code: Code.fromAsset(bundleOf(name)),
    handler: 'index.handler',
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: memoryMb,
    timeout: Duration.seconds(timeoutSeconds),
    environment,
    role,
    logGroup,
  })
}
