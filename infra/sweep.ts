import { Duration } from 'aws-cdk-lib'
import { Rule, Schedule } from 'aws-cdk-lib/aws-events'
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets'
import { Construct } from 'constructs'
import type { DeviceAccess } from './device-access.ts'
import { grant } from './grant.ts'
import { iotArns } from './iot-arns.ts'
import type { Registration } from './registration.ts'
import type { Tables } from './tables.ts'
import { createFunction } from './thingdrop-function.ts'

interface SweepProps {
  readonly tables: Tables
  readonly access: DeviceAccess
  readonly registration: Registration
}

/** Every quarter of an hour: what no event brings to its end. */
export class Sweep extends Construct {
  constructor(scope: Construct, id: string, { tables, access, registration }: SweepProps) {
    super(scope, id)
    const { ledger, ledgerIndexes } = tables
    const arn = iotArns(this)
    const sweep = createFunction(this, 'sweep-certificates', {
      environment: {
        LEDGER_TABLE: ledger.tableName,
        DEVICE_POLICY: access.policyName,
        DEVICE_ROLE: access.role.roleName,
        // An event takes seconds: after this long it was lost, or ended among the dead letters.
        PENDING_SECONDS: String(Duration.minutes(15).toSeconds()),
        DENIAL_SECONDS: String(access.credentialsLifetime.plus(Duration.minutes(1)).toSeconds()),
        RENEWAL_SECONDS: String(Duration.days(7).toSeconds()),
        CERTIFICATE_ARN_PREFIX: arn('cert/'),
        REGISTRATION_QUEUE_URL: registration.events.queue.queueUrl,
      },
      grants: [
        grant(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'], ledger.tableArn),
        grant(['dynamodb:Query'], ledgerIndexes.listings),
        grant(['sqs:SendMessage'], registration.events.queue.queueArn),
        grant(['iot:UpdateCertificate', 'iot:DeleteCertificate', 'iot:DetachPolicy'], arn('cert/*')),
        // No resource types in the Service Authorization Reference: they take no narrower resource.
        grant(['iot:ListCertificatesByCA', 'iot:DetachThingPrincipal'], '*'),
        grant(['iam:ListRolePolicies', 'iam:DeleteRolePolicy'], access.role.roleArn),
      ],
    })
    new Rule(this, 'schedule', {
      description: 'thingdrop: sweeps certificates',
      schedule: Schedule.rate(Duration.minutes(15)),
      targets: [new LambdaFunction(sweep)],
    })
  }
}
