import { CustomResource, Stack, Tags } from 'aws-cdk-lib'
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { grant } from './grant.ts'
import { createFunction } from './thingdrop-function.ts'

/** Twenty years: every device certificate below it must end before it does. */
export const caValidityDays = 7300

/** The fleet CA: its key in KMS, and the custom resource that makes its certificate and registers it with AWS IoT. */
export class FleetCa extends Construct {
  readonly key: Key
  readonly certificateId: string
  /** By what the keys of this stack's CAs are known, those that a rotation makes too. */
  readonly keyTag: { readonly name: string; readonly value: string }
  readonly mqttEndpoint: string
  readonly credentialsEndpoint: string

  constructor(scope: Construct, id: string, { ledger }: { readonly ledger: Table }) {
    super(scope, id)
    const { region, account, partition, stackName } = Stack.of(this)
    this.key = new Key(this, 'key', {
      description: 'thingdrop: signs device certificates',
      keySpec: KeySpec.ECC_NIST_P256,
      keyUsage: KeyUsage.SIGN_VERIFY,
    })

    this.keyTag = { name: 'thingdrop:fleet-ca', value: stackName }
    Tags.of(this.key).add(this.keyTag.name, this.keyTag.value)

    const manager = createFunction(this, 'fleet-ca', {
      environment: { LEDGER_TABLE: ledger.tableName },
      grants: [
        grant(['kms:GetPublicKey', 'kms:Sign'], this.key.keyArn),
        grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], ledger.tableArn),
        grant(['iot:UpdateCACertificate'], `arn:${partition}:iot:${region}:${account}:cacert/*`),
        // AWS IoT has no resource that these two could name: the CA is not there yet, an endpoint never is.
        grant(['iot:RegisterCACertificate', 'iot:DescribeEndpoint'], '*'),
      ],
    })

    const resource = new CustomResource(this, 'certificate', {
      serviceToken: manager.functionArn,
      resourceType: 'Custom::FleetCa',
      properties: { KeyId: this.key.keyId, CommonName: 'thingdrop fleet CA', ValidityDays: caValidityDays },
    })
    // The function's policy is a resource of its own, which the function does not wait for.
    if (manager.role) resource.node.addDependency(manager.role)
    this.certificateId = resource.getAttString('CertificateId')
    this.mqttEndpoint = resource.getAttString('MqttEndpoint')
    this.credentialsEndpoint = resource.getAttString('CredentialsEndpoint')
  }
  /** Lets a function sign with the CAs of this stack, and with no other key. */
  grantSigning(actions: readonly string[]): PolicyStatement {
    const { region, account, partition } = Stack.of(this)
    const statement = grant(actions, `arn:${partition}:kms:${region}:${account}:key/*`)
    statement.addCondition('StringEquals', { [`aws:ResourceTag/${this.keyTag.name}`]: this.keyTag.value })
    return statement
  }
}
