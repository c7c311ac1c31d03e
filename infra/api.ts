import { Stack } from 'aws-cdk-lib'
import { HttpApi, HttpMethod, HttpNoneAuthorizer, HttpStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { type RouteName, routes } from '#contract/api.ts'
import {
  type ApiFunctionProps,
  createExplain,
  createIssueUpload,
  createManageCas,
  createManageCertificates,
  createOperatorApi,
  createVendCertificate,
} from './api-functions.ts'
import { grant } from './grant.ts'

/** The HTTP API: every route of contract/, with IAM in front unless a claim in the body authorizes. */
export class Api extends Construct {
  readonly url: string
  /** It answers over MQTT too. */
  readonly issueUpload: LambdaFunction

  constructor(scope: Construct, id: string, stands: Omit<ApiFunctionProps, 'apiUrl'>) {
    super(scope, id)
    const api = new HttpApi(this, 'http', { apiName: Stack.of(this).stackName, createDefaultStage: false })
    new HttpStage(this, 'stage', { httpApi: api, autoDeploy: true, throttle: { rateLimit: 1000, burstLimit: 2000 } })
    this.url = api.apiEndpoint
    const props = { ...stands, apiUrl: this.url }

    const vend = createVendCertificate(this, props)
    const operate = createOperatorApi(this, props)
    const certificates = createManageCertificates(this, props)
    const cas = createManageCas(this, props)
    this.issueUpload = createIssueUpload(this, props)
    const handlers: Record<RouteName, LambdaFunction> = {
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
      createUpload: this.issueUpload,
      listUploadParts: this.issueUpload,
      completeUpload: this.issueUpload,
      abortUpload: this.issueUpload,
      listUploads: operate,
      showUpload: operate,
      downloadUpload: operate,
      rebuildUploads: operate,
      showUploadStats: operate,
      showOpenApi: operate,
      listThings: operate,
      showThing: operate,
      explain: createExplain(this, props),
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
}
