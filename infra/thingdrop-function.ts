import { join } from 'node:path'
import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda'
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { type FunctionName, functions } from './functions.ts'

const root = join(import.meta.dirname, '..')

interface ThingdropFunctionProps {
  readonly environment: Readonly<Record<string, string>>
  /** Exactly what the function calls; writing its own log is added here. */
  readonly grants: readonly PolicyStatement[]
}

/** One Lambda with a log group and a role of its own: no managed policy, so the template shows all that it may do. */
export function createFunction(scope: Construct, name: FunctionName, { environment, grants }: ThingdropFunctionProps) {
  const { entry, memoryMb, timeoutSeconds } = functions[name]
  const role = new Role(scope, `${name}-role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  const logGroup = new LogGroup(scope, `${name}-log`, {
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  })
  logGroup.grantWrite(role)
  for (const grant of grants) role.addToPolicy(grant)

  return new NodejsFunction(scope, name, {
    entry: join(root, entry),
    projectRoot: root,
    depsLockFilePath: join(root, 'package-lock.json'),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: memoryMb,
    timeout: Duration.seconds(timeoutSeconds),
    environment,
    role,
    logGroup,
    awsSdkConnectionReuse: false,
    bundling: {
      format: OutputFormat.ESM,
      target: 'node24',
      minify: true,
      mainFields: ['module', 'main'],
      // Bundled, not the runtime's: what was tested is what runs.
      externalModules: [],
      // CommonJS parts of a bundle call require, which an ES module has not.
      banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
    },
  })
}
