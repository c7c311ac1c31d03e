import { Stack } from 'aws-cdk-lib'
import { HttpApi, HttpMethod, HttpNoneAuthorizer, HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { routes } from '#contract/api.ts'
import type { DeviceAccess } from './device-access.ts'
import type { FleetCa } from './fleet-ca.ts'
import { grant } from './grant.ts'
import type { Tables } from './tables.ts'
import { createFunction } from './thingdrop-function.ts'

const certificateValidityDays = 365

interface ApiProps {
  readonly tables: Tables
  readonly ca: FleetCa
  readonly access: DeviceAccess
  readonly bucket: Bucket
}

type RouteName = keyof typeof routes

/** The HTTP API: every route of contract/, with IAM in front unless a claim in the body authorizes. */
export class Api extends Construct {
  readonly url: string

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id)
    const api = new HttpApi(this, 'http', { apiName: Stack.of(this).stackName, createDefaultStage: false })
    new HttpStage(this, 'stage', { httpApi: api, autoDeploy: true, throttle: { rateLimit: 1000, burstLimit: 2000 } })
    this.url = api.apiEndpoint

    const vend = this.#createVendCertificate(props)
    const operate = this.#createOperatorApi(props.tables)
    const handlers: Record<RouteName, NodejsFunction> = {
      createCertificate: vend,
      createClaim: operate,
      listUploads: operate,
      listThings: operate,
    }
    const integrations = new Map(
      [vend, operate].map((handler) => [handler, new HttpLambdaIntegration(handler.node.id, handler)]),
    )
    for (const [name, { method, path, authorization }] of Object.entries(routes)) {
      const integration = integrations.get(handlers[name as RouteName])
      if (!integration) throw new Error(`no function answers ${name}`)
      const authorizer = authorization === 'claim' ? new HttpNoneAuthorizer() : new HttpIamAuthorizer()
      api.addRoutes({ path, methods: [HttpMethod[method]], integration, authorizer })
    }
  }

  #createVendCertificate({ tables, ca, access, bucket }: ApiProps): NodejsFunction {
    return createFunction(this, 'vend-certificate', {
      environment: {
        LEDGER_TABLE: tables.ledger.tableName,
        CA_KEY_ID: ca.key.keyId,
        CA_CERTIFICATE_PEM: ca.certificatePem,
        CERTIFICATE_VALIDITY_DAYS: String(certificateValidityDays),
        THING_TYPE: access.thingTypeName,
        ROLE_ALIAS: access.roleAlias,
        BUCKET: bucket.bucketName,
        MQTT_ENDPOINT: ca.mqttEndpoint,
        CREDENTIALS_ENDPOINT: ca.credentialsEndpoint,
      },
      grants: [
        grant(['kms:Sign'], ca.key.keyArn),
        grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], tables.ledger.tableArn),
      ],
    })
  }

  #createOperatorApi({ ledger, uploadLog }: Tables): NodejsFunction {
    return createFunction(this, 'operator-api', {
      environment: { LEDGER_TABLE: ledger.tableName, UPLOAD_LOG_TABLE: uploadLog.tableName, API_URL: this.url },
      grants: [
        grant(['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'], ledger.tableArn),
        grant(
          ['dynamodb:Query'],
          `${ledger.tableArn}/index/things`,
          uploadLog.tableArn,
          `${uploadLog.tableArn}/index/fleet`,
        ),
      ],
    })
  }
}
