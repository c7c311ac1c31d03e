import type { RestRoute } from '#local/gateway/rest-routes.ts'

const functionPath = '/2015-03-31/functions/{FunctionName}'
const mappingPath = '/2015-03-31/event-source-mappings'

/** Lambda's API (botocore `lambda` 2015-03-31). Operations that are listed only here answer 501 by name. */
export const lambdaRoutes: readonly RestRoute[] = [
  { method: 'POST', path: '/2015-03-31/functions', operation: 'CreateFunction', status: 201 },
  {
    method: 'GET',
    path: '/2015-03-31/functions',
    operation: 'ListFunctions',
    query: { Marker: 'string', MaxItems: 'integer' },
  },
  { method: 'GET', path: functionPath, operation: 'GetFunction' },
  { method: 'DELETE', path: functionPath, operation: 'DeleteFunction', status: 204 },
  { method: 'GET', path: `${functionPath}/configuration`, operation: 'GetFunctionConfiguration' },
  { method: 'PUT', path: `${functionPath}/configuration`, operation: 'UpdateFunctionConfiguration' },
  { method: 'PUT', path: `${functionPath}/code`, operation: 'UpdateFunctionCode' },
  {
    method: 'POST',
    path: `${functionPath}/invocations`,
    operation: 'Invoke',
    query: { Qualifier: 'string' },
    headers: {
      'x-amz-invocation-type': 'InvocationType',
      'x-amz-log-type': 'LogType',
      'x-amz-client-context': 'ClientContext',
    },
    payload: 'Payload',
    output: {
      payload: 'Payload',
      headers: { FunctionError: 'x-amz-function-error', ExecutedVersion: 'x-amz-executed-version' },
    },
  },
  { method: 'POST', path: `${functionPath}/policy`, operation: 'AddPermission', status: 201 },
  { method: 'GET', path: `${functionPath}/policy`, operation: 'GetPolicy' },
  { method: 'DELETE', path: `${functionPath}/policy/{StatementId}`, operation: 'RemovePermission', status: 204 },
  {
    method: 'PUT',
    path: '/2017-10-31/functions/{FunctionName}/concurrency',
    operation: 'PutFunctionConcurrency',
  },
  {
    method: 'DELETE',
    path: '/2017-10-31/functions/{FunctionName}/concurrency',
    operation: 'DeleteFunctionConcurrency',
    status: 204,
  },
  {
    method: 'GET',
    path: '/2019-09-30/functions/{FunctionName}/concurrency',
    operation: 'GetFunctionConcurrency',
  },
  { method: 'POST', path: mappingPath, operation: 'CreateEventSourceMapping', status: 202 },
  {
    method: 'GET',
    path: mappingPath,
    operation: 'ListEventSourceMappings',
    query: { EventSourceArn: 'string', FunctionName: 'string' },
  },
  { method: 'GET', path: `${mappingPath}/{UUID}`, operation: 'GetEventSourceMapping' },
  { method: 'PUT', path: `${mappingPath}/{UUID}`, operation: 'UpdateEventSourceMapping', status: 202 },
  { method: 'DELETE', path: `${mappingPath}/{UUID}`, operation: 'DeleteEventSourceMapping', status: 202 },
  { method: 'GET', path: '/2017-03-31/tags/{Resource}', operation: 'ListTags' },
  { method: 'POST', path: '/2017-03-31/tags/{Resource}', operation: 'TagResource', status: 204 },
  { method: 'DELETE', path: '/2017-03-31/tags/{Resource}', operation: 'UntagResource', status: 204 },
  { method: 'GET', path: `${functionPath}/versions`, operation: 'ListVersionsByFunction' },
  { method: 'POST', path: `${functionPath}/versions`, operation: 'PublishVersion', status: 201 },
  { method: 'GET', path: `${functionPath}/aliases`, operation: 'ListAliases' },
  { method: 'POST', path: `${functionPath}/aliases`, operation: 'CreateAlias', status: 201 },
  { method: 'GET', path: '/2016-08-19/account-settings', operation: 'GetAccountSettings' },
  {
    method: 'POST',
    path: '/2021-11-15/functions/{FunctionName}/response-streaming-invocations',
    operation: 'InvokeWithResponseStream',
  },
  { method: 'POST', path: '/2021-10-31/functions/{FunctionName}/url', operation: 'CreateFunctionUrlConfig' },
]
