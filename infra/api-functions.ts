import { Duration, Stack } from 'aws-cdk-lib'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'
import { uploadTopics } from '#contract/topics.ts'
import { maxUrlSeconds } from '#contract/upload-limits.ts'
import type { DeviceAccess } from './device-access.ts'
import { caValidityDays, type FleetCa } from './fleet-ca.ts'
import { grant } from './grant.ts'
import { iotArns } from './iot-arns.ts'
import type { Registration } from './registration.ts'
import { registrationEnvironment } from './registration-environment.ts'
import type { Settings } from './settings.ts'
import type { Tables } from './tables.ts'
import { createFunction } from './thingdrop-function.ts'
import { keepDays } from './upload-log-environment.ts'

/** What the functions behind the API stand on. */
export interface ApiFunctionProps {
  readonly apiUrl: string
  readonly tables: Tables
  readonly ca: FleetCa
  readonly access: DeviceAccess
  readonly bucket: Bucket
  readonly registration: Registration
  readonly settings: Settings
}

export function createVendCertificate(
  scope: Construct,
  { apiUrl, tables, ca, access, bucket, settings }: ApiFunctionProps,
): LambdaFunction {
  return createFunction(scope, 'vend-certificate', {
    environment: {
      LEDGER_TABLE: tables.ledger.tableName,
      API_URL: apiUrl,
      CERTIFICATE_VALIDITY_DAYS: String(settings.certificateValidityDays),
      ...registrationEnvironment(settings.registration, access),
      DEVICE_ROLE: access.role.roleName,
      ROLE_ALIAS: access.roleAlias,
      BUCKET: bucket.bucketName,
      MQTT_ENDPOINT: ca.mqttEndpoint,
      CREDENTIALS_ENDPOINT: ca.credentialsEndpoint,
    },
    grants: [
      ca.grantSigning(['kms:Sign']),
      grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], tables.ledger.tableArn),
    ],
  })
}

export function createOperatorApi(
  scope: Construct,
  { apiUrl, tables, access, bucket, settings }: ApiFunctionProps,
): LambdaFunction {
  const { ledger, ledgerIndexes, uploadLog } = tables
  return createFunction(scope, 'operator-api', {
    environment: {
      LEDGER_TABLE: ledger.tableName,
      UPLOAD_LOG_TABLE: uploadLog.tableName,
      BUCKET: bucket.bucketName,
      BUCKET_HOST: bucket.bucketRegionalDomainName,
      ...keepDays(settings),
      API_URL: apiUrl,
      ...registrationEnvironment(settings.registration, access),
    },
    grants: [
      grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], ledger.tableArn),
      grant(['dynamodb:Query'], ledgerIndexes.listings, ledgerIndexes.silent),
      grant(['dynamodb:Query'], uploadLog.tableArn, `${uploadLog.tableArn}/index/*`),
      // Its role signs the URLs by which operators get files.
      grant(['s3:GetObject'], bucket.arnForObjects('things/*')),
      // The log is rebuilt from the bucket's listing.
      grant(['s3:ListBucketVersions'], bucket.bucketArn),
      grant(['dynamodb:BatchWriteItem', 'dynamodb:UpdateItem'], uploadLog.tableArn),
    ],
  })
}

export function createManageCertificates(
  scope: Construct,
  { tables, access, registration }: ApiFunctionProps,
): LambdaFunction {
  const { ledger, ledgerIndexes } = tables
  const arn = iotArns(scope)
  return createFunction(scope, 'manage-certificates', {
    environment: {
      LEDGER_TABLE: ledger.tableName,
      DEVICE_POLICY: access.policyName,
      DEVICE_ROLE: access.role.roleName,
      CERTIFICATE_ARN_PREFIX: arn('cert/'),
      REGISTRATION_QUEUE_URL: registration.events.queue.queueUrl,
    },
    grants: [
      grant(['dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'], ledger.tableArn),
      grant(['dynamodb:Query'], ledgerIndexes.ofThing),
      grant(['sqs:SendMessage'], registration.events.queue.queueArn),
      grant(['iot:UpdateCertificate', 'iot:DetachPolicy'], arn('cert/*')),
      grant(['iot:DeleteThing'], arn('thing/*')),
      // No resource type in the Service Authorization Reference: it takes no narrower resource.
      grant(['iot:DetachThingPrincipal'], '*'),
      // Denials for running credentials of a revoked certificate, on the devices' role and no other.
      grant(['iam:ListRolePolicies', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'], access.role.roleArn),
    ],
  })
}

/** It reads alone. */
export function createExplain(scope: Construct, { tables, access, registration }: ApiFunctionProps): LambdaFunction {
  const { ledger, ledgerIndexes, uploadLog } = tables
  const { queue, deadLetters } = registration.events
  const arn = iotArns(scope)
  return createFunction(scope, 'explain', {
    environment: {
      LEDGER_TABLE: ledger.tableName,
      UPLOAD_LOG_TABLE: uploadLog.tableName,
      DEVICE_POLICY: access.policyName,
      DEVICE_ROLE: access.role.roleName,
      DEVICE_ROLE_ARN: access.role.roleArn,
      ROLE_ALIAS: access.roleAlias,
      SESSION_SECONDS: String(access.credentialsLifetime.toSeconds()),
      CERTIFICATE_ARN_PREFIX: arn('cert/'),
      REGISTRATION_RULE: registration.ruleName,
      REGISTRATION_QUEUE_URL: queue.queueUrl,
      REGISTRATION_DEAD_LETTERS_URL: deadLetters.queueUrl,
    },
    grants: [
      grant(['dynamodb:GetItem'], ledger.tableArn),
      grant(['dynamodb:Query'], ledgerIndexes.ofThing, uploadLog.tableArn),
      grant(['sqs:GetQueueAttributes'], queue.queueArn, deadLetters.queueArn),
      grant(['iot:DescribeCACertificate'], arn('cacert/*')),
      grant(['iot:DescribeCertificate', 'iot:ListAttachedPolicies'], arn('cert/*')),
      grant(['iot:DescribeThing', 'iot:ListThingPrincipals'], arn('thing/*')),
      grant(['iot:GetPolicy'], arn(`policy/${access.policyName}`)),
      grant(['iot:DescribeRoleAlias'], arn(`rolealias/${access.roleAlias}`)),
      grant(['iot:GetTopicRule'], arn(`rule/${registration.ruleName}`)),
      grant(['iam:GetRole', 'iam:ListRolePolicies'], access.role.roleArn),
    ],
  })
}

export function createManageCas(scope: Construct, { tables, ca }: ApiFunctionProps): LambdaFunction {
  const { ledger, ledgerIndexes } = tables
  const arn = iotArns(scope)
  const marked = { StringEquals: { [`aws:RequestTag/${ca.keyTag.name}`]: ca.keyTag.value } }
  // A key that is made has no name yet: what it may be is said by its tag and kind.
  const { region, account, partition } = Stack.of(scope)
  const createKey = grant(['kms:CreateKey'], '*')
  const tagKey = grant(['kms:TagResource'], `arn:${partition}:kms:${region}:${account}:key/*`)
  for (const statement of [createKey, tagKey]) statement.addConditions(marked)
  return createFunction(scope, 'manage-cas', {
    environment: {
      LEDGER_TABLE: ledger.tableName,
      CA_KEY_TAG: ca.keyTag.name,
      CA_KEY_TAG_VALUE: ca.keyTag.value,
      CA_VALIDITY_DAYS: String(caValidityDays),
    },
    grants: [
      createKey,
      tagKey,
      // A rotation that died looks for the key that it made.
      ca.grantSigning(['kms:Sign', 'kms:GetPublicKey', 'kms:ListResourceTags']),
      grant(['kms:ListKeys'], '*'),
      grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], ledger.tableArn),
      grant(['dynamodb:Query'], ledgerIndexes.listings),
      grant(['iot:UpdateCACertificate'], arn('cacert/*')),
      // AWS IoT has no resource that these could name.
      grant(['iot:RegisterCACertificate', 'iot:GetRegistrationCode', 'iot:ListCertificatesByCA'], '*'),
    ],
  })
}

/** Its role is what signs: at S3 it may do what its URLs let devices do, and nothing else. */
export function createIssueUpload(
  scope: Construct,
  { tables, ca, access, bucket, settings }: ApiFunctionProps,
): LambdaFunction {
  const { ledger, uploadLog } = tables
  const { accepted, rejected } = uploadTopics('*')
  const arn = iotArns(scope)
  const { maxOpenPerThing, maxBytesPerThingAndDay, multipartHours } = settings.uploadUrls
  return createFunction(scope, 'issue-upload', {
    environment: {
      LEDGER_TABLE: ledger.tableName,
      UPLOAD_LOG_TABLE: uploadLog.tableName,
      BUCKET: bucket.bucketName,
      BUCKET_HOST: bucket.bucketRegionalDomainName,
      DEVICE_ROLE: access.role.roleName,
      MQTT_ENDPOINT: ca.mqttEndpoint,
      URL_SECONDS: String(maxUrlSeconds),
      MULTIPART_SECONDS: String(Duration.hours(multipartHours).toSeconds()),
      MAX_OPEN_UPLOADS: String(maxOpenPerThing),
      MAX_BYTES_PER_DAY: String(maxBytesPerThingAndDay),
      ...keepDays(settings),
    },
    grants: [
      grant(['dynamodb:GetItem'], ledger.tableArn),
      grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], uploadLog.tableArn),
      grant(
        // PutObject covers creating, sending and completing uploads in parts.
        ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        bucket.arnForObjects('things/*'),
      ),
      grant(['iot:Publish'], arn(`topic/${accepted}`), arn(`topic/${rejected}`)),
    ],
  })
}
