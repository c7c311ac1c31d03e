import { randomInt } from 'node:crypto'
import { AwsError, type Call, notImplemented, type Operations } from '#local/service.ts'
import type { Collection, Store } from '#local/store.ts'
import type { Api, Integration, Route, Stage } from './types.ts'

export type ApiStore = ReturnType<typeof createApiStore>

export function createApiStore(store: Store) {
  const apis = store.collection<Api>('api')
  const integrations = store.collection<Integration>('integration')
  const routes = store.collection<Route>('route')
  const stages = store.collection<Stage>('stage')
  const under = <T>(collection: Collection<T>, apiId: string) =>
    collection.list({ prefix: `${apiId}/` }).map((row) => row.value)
  return {
    apis,
    integrations,
    routes,
    stages,
    /** The one API of the cloud. */
    api: () => apis.list()[0]?.value,
    routesOf: (apiId: string) => under(routes, apiId),
    stagesOf: (apiId: string) => under(stages, apiId),
    integrationsOf: (apiId: string) => under(integrations, apiId),
  }
}

/** API Gateway V2's operations for HTTP APIs, as far as the embedded cloud has them. */
export function createApiOperations(store: ApiStore, region: string, endpoint: () => string): Operations {
  const arn = (path: string) => `arn:aws:apigateway:${region}::/apis${path}`

  function getApi(apiId: string): Api {
    return store.apis.get(apiId) ?? notFound('API', apiId)
  }

  const describe = (api: Api) => ({ ...api, ApiEndpoint: endpoint() })

  function authorize(call: Call, method: string, path: string): void {
    call.authorize(`apigateway:${method}`, arn(path))
  }

  /** Create, update, delete and list of one kind of part. */
  function partOperations<T extends { ApiId: string }>(
    kind: 'Integration' | 'Route',
    collection: Collection<T>,
    list: (apiId: string) => T[],
    complete: (input: T) => T,
    refuseTwin: (part: T) => void = () => {},
  ): Operations {
    const idName = `${kind}Id`
    const path = `${kind.toLowerCase()}s`
    return {
      [`Create${kind}`](input: T, call) {
        authorize(call, 'POST', `/${input.ApiId}/${path}`)
        getApi(input.ApiId)
        const part = { ...complete(input), [idName]: randomId(7) }
        refuseTwin(part)
        collection.put(`${input.ApiId}/${part[idName]}`, part)
        return part
      },
      [`Update${kind}`](input: T & Record<string, string>, call) {
        const id = input[idName]
        authorize(call, 'PATCH', `/${input.ApiId}/${path}/${id}`)
        const found = collection.get(`${input.ApiId}/${id}`) ?? notFound(kind, id)
        const part = complete({ ...found, ...input })
        collection.put(`${input.ApiId}/${id}`, part)
        return part
      },
      [`Delete${kind}`](input: Record<string, string>, call) {
        const id = input[idName]
        authorize(call, 'DELETE', `/${input.ApiId}/${path}/${id}`)
        if (!collection.delete(`${input.ApiId}/${id}`)) notFound(kind, id)
      },
      [`Get${kind}s`](input: { ApiId: string }, call) {
        authorize(call, 'GET', `/${input.ApiId}/${path}`)
        getApi(input.ApiId)
        return { Items: list(input.ApiId) }
      },
    }
  }

  const putStage = (method: string) => (input: Stage, call: Call) => {
    authorize(call, method, `/${input.ApiId}/stages`)
    getApi(input.ApiId)
    if (input.StageName !== '$default') throw notImplemented(`the stage ${input.StageName} of HTTP APIs`)
    store.stages.put(`${input.ApiId}/${input.StageName}`, input)
    return input
  }

  return {
    CreateApi(input, call) {
      authorize(call, 'POST', '')
      if (input.ProtocolType !== 'HTTP') throw notImplemented(`${input.ProtocolType} APIs`)
      if (store.api()) throw notImplemented('more than one HTTP API')
      const ApiId = randomId(10)
      const api = { ...input, ApiId }
      store.apis.put(ApiId, api)
      return describe(api)
    },
    UpdateApi(input, call) {
      authorize(call, 'PATCH', `/${input.ApiId}`)
      const { ApiId } = getApi(input.ApiId)
      const api = { ...input, ApiId }
      store.apis.put(ApiId, api)
      return describe(api)
    },
    DeleteApi({ ApiId }, call) {
      authorize(call, 'DELETE', `/${ApiId}`)
      getApi(ApiId)
      for (const { RouteId } of store.routesOf(ApiId)) store.routes.delete(`${ApiId}/${RouteId}`)
      for (const part of store.integrationsOf(ApiId)) store.integrations.delete(`${ApiId}/${part.IntegrationId}`)
      for (const { StageName } of store.stagesOf(ApiId)) store.stages.delete(`${ApiId}/${StageName}`)
      store.apis.delete(ApiId)
    },
    GetApis(_input, call) {
      authorize(call, 'GET', '')
      return { Items: store.apis.list().map((row) => describe(row.value)) }
    },
    ...partOperations('Integration', store.integrations, store.integrationsOf, completeIntegration),
    ...partOperations('Route', store.routes, store.routesOf, completeRoute, (route) => refuseTwinRoute(store, route)),
    CreateStage: putStage('POST'),
    UpdateStage: putStage('PATCH'),
    DeleteStage({ ApiId, StageName }, call) {
      authorize(call, 'DELETE', `/${ApiId}/stages/${StageName}`)
      if (!store.stages.delete(`${ApiId}/${StageName}`)) notFound('Stage', StageName)
    },
    GetStages({ ApiId }, call) {
      authorize(call, 'GET', `/${ApiId}/stages`)
      getApi(ApiId)
      return { Items: store.stagesOf(ApiId) }
    },
  }
}

function completeIntegration(input: Integration & { IntegrationType?: string; PayloadFormatVersion?: string }) {
  if (input.IntegrationType !== 'AWS_PROXY') throw notImplemented(`integrations of type ${input.IntegrationType}`)
  if (input.PayloadFormatVersion !== '2.0') throw notImplemented(`payload format ${input.PayloadFormatVersion}`)
  return { ...input, TimeoutInMillis: input.TimeoutInMillis ?? 30_000 }
}

function completeRoute(input: Route): Route {
  const { AuthorizationType = 'NONE' } = input
  if (!['NONE', 'AWS_IAM'].includes(AuthorizationType)) throw notImplemented(`${AuthorizationType} authorization`)
  if (!/^(\$default|[A-Z]+ \/\S*)$/.test(input.RouteKey)) {
    throw new AwsError('BadRequestException', `The provided route key is not formatted properly: ${input.RouteKey}`)
  }
  return { ...input, AuthorizationType }
}

function refuseTwinRoute(store: ApiStore, { ApiId, RouteKey }: Route): void {
  if (!store.routesOf(ApiId).some((route) => route.RouteKey === RouteKey)) return
  throw new AwsError('ConflictException', `Route with key ${RouteKey} already exists for this API`, 409)
}

function randomId(length: number): string {
  const letters = 'abcdefghijklmnopqrstuvwxyz0123456789'
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('')
}

function notFound(kind: string, id: unknown): never {
  throw new AwsError('NotFoundException', `Invalid ${kind} identifier specified: ${id}`, 404)
}
