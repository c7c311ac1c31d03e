import { Stack } from 'aws-cdk-lib'
import { HttpApi, HttpMethod, HttpNoneAuthorizer, HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { type RouteName, routes } from '#contract/api.ts'
import type { DeviceAccess } from './device-access.ts'
import { caValidityDays, type FleetCa } from './fleet-ca.ts'
import { grant } from './grant.ts'
import { iotArns } from './iot-arns.ts'
import type { Registration } from './registration.ts'
import { registrationEnvironment } from './registration-environment.ts'
import type { Settings } from './settings.ts'
import type { Tables } from './tables.ts'
import { createFunction } from './thingdrop-function.ts'

interface ApiProps {
  readonly tables: Tables
  readonly ca: FleetCa
  readonly access: DeviceAccess
  readonly bucket: Bucket
  readonly registration: Registration
  readonly settings: Settings
}

/** The HTTP API: every route of contract/, with IAM in front unless a claim in the body authorizes. */
export class Api extends Construct {
  readonly url: string

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id)
    const api = new HttpApi(this, 'http', { apiName: Stack.of(this).stackName, createDefaultStage: false })
    new HttpStage(this, 'stage', { httpApi: api, autoDeploy: true, throttle: { rateLimit: 1000, burstLimit: 2000 } })
    this.url = api.apiEndpoint

    const vend = this.#createVendCertificate(props)
    const operate = this.#createOperatorApi(props)
    const certificates = this.#createManageCertificates(props)
    const cas = this.#createManageCas(props)
    const handlers: Record<RouteName, NodejsFunction> = {
      createCertificate: vend,
      issueCertificate: vend,
      renewCertificate: vend,
      confirmCertificate: certificates,
      approveCertificate: certificates,
      rejectCertificate: certificates,
      revokeCertificate: certificates,
      revokeThing: certificates,
      deleteThing: certificates,
      listCertificates: operate,
      showCertificate: operate,
      createClaim: operate,
      listClaims: operate,
      revokeClaim: operate,
      listUploads: operate,
      listThings: operate,
      showThing: operate,
      explain: this.#createExplain(props),
      listCaCertificates: cas,
      registerCaCertificate: cas,
      showRegistrationCode: cas,
      rotateFleetCa: cas,
      drainCaCertificate: cas,
      retireCaCertificate: cas,
    }
    const integrations = new Map(
      [...new Set(Object.values(handlers))].map((handler) => [
        handler,
        new HttpLambdaIntegration(handler.node.id, handler),
      ]),
    )
    for (const [name, { method, path, authorization }] of Object.entries(routes)) {
      const integration = integrations.get(handlers[name as RouteName])
      if (!integration) throw new Error(`no function answers ${name}`)
      const authorizer = authorization === 'claim' ? new HttpNoneAuthorizer() : new HttpIamAuthorizer()
      api.addRoutes({ path, methods: [HttpMethod[method]], integration, authorizer })
      if (authorization === 'device') props.access.role.addToPolicy(this.#grantOwnPath(api, method, path))
    }
  }

  /** A device may call a route for the thing that its credentials are for. */
  #grantOwnPath(api: HttpApi, method: string, path: string): PolicyStatement {
    const ownPath = path.replace('{thing}', `\${credentials-iot:ThingName}`).replace(/\{\w+\}/g, '*')
    const { region, account, partition } = Stack.of(this)
    const stage = `arn:${partition}:execute-api:${region}:${account}:${api.apiId}/$default`
    // A wildcard for the stage would span slashes too, and so let a path of another thing end in one's own.
    return grant(['execute-api:Invoke'], `${stage}/${method}${ownPath}`)
  }

  #createVendCertificate({ tables, ca, access, bucket, settings }: ApiProps): NodejsFunction {
    return createFunction(this, 'vend-certificate', {
      environment: {
        LEDGER_TABLE: tables.ledger.tableName,
        API_URL: this.url,
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

  #createOperatorApi({ tables, access, settings }: ApiProps): NodejsFunction {
    const { ledger, ledgerIndexes, uploadLog } = tables
    return createFunction(this, 'operator-api', {
      environment: {
        LEDGER_TABLE: ledger.tableName,
        UPLOAD_LOG_TABLE: uploadLog.tableName,
        API_URL: this.url,
        ...registrationEnvironment(settings.registration, access),
      },
      grants: [
        grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], ledger.tableArn),
        grant(['dynamodb:Query'], ledgerIndexes.listings, uploadLog.tableArn, `${uploadLog.tableArn}/index/fleet`),
      ],
    })
  }

  #createManageCertificates({ tables, access, registration }: ApiProps): NodejsFunction {
    const { ledger, ledgerIndexes } = tables
    const arn = iotArns(this)
    return createFunction(this, 'manage-certificates', {
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
  #createExplain({ tables, access, registration }: ApiProps): NodejsFunction {
    const { ledger, ledgerIndexes, uploadLog } = tables
    const { queue, deadLetters } = registration.events
    const arn = iotArns(this)
    return createFunction(this, 'explain', {
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

  #createManageCas({ tables, ca }: ApiProps): NodejsFunction {
    const { ledger, ledgerIndexes } = tables
    const arn = iotArns(this)
    const marked = { StringEquals: { [`aws:RequestTag/${ca.keyTag.name}`]: ca.keyTag.value } }
    // A key that is made has no name yet: what it may be is said by its tag and kind.
    const { region, account, partition } = Stack.of(this)
    const createKey = grant(['kms:CreateKey'], '*')
    const tagKey = grant(['kms:TagResource'], `arn:${partition}:kms:${region}:${account}:key/*`)
    for (const statement of [createKey, tagKey]) statement.addConditions(marked)
    return createFunction(this, 'manage-cas', {
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
}
