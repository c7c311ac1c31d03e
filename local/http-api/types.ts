/** The parts of an HTTP API, in the shapes of the API Gateway V2 API. */
export interface Api {
  readonly ApiId: string
  readonly Name: string
  readonly ProtocolType: 'HTTP'
  readonly CorsConfiguration?: CorsConfiguration
}

export interface CorsConfiguration {
  readonly AllowCredentials?: boolean
  readonly AllowHeaders?: readonly string[]
  readonly AllowMethods?: readonly string[]
  readonly AllowOrigins?: readonly string[]
  readonly ExposeHeaders?: readonly string[]
  readonly MaxAge?: number
}

export interface Integration {
  readonly ApiId: string
  readonly IntegrationId: string
  /** The function's ARN, as it is or inside an `apigateway:…:lambda:path/…/invocations` ARN. */
  readonly IntegrationUri: string
  readonly TimeoutInMillis: number
}

export interface Route {
  readonly ApiId: string
  readonly RouteId: string
  /** `GET /things/{thing}`, `ANY /{proxy+}` or `$default`. */
  readonly RouteKey: string
  /** `integrations/ID` */
  readonly Target: string
  readonly AuthorizationType: 'NONE' | 'AWS_IAM'
}

export interface Stage {
  readonly ApiId: string
  readonly StageName: '$default'
  readonly DefaultRouteSettings?: { readonly ThrottlingBurstLimit?: number; readonly ThrottlingRateLimit?: number }
}
