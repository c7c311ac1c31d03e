import { randomUUID } from 'node:crypto'
import type { Authorizer, Call, Caller, ConditionContext } from '#local/service.ts'

export interface CallOptions {
  readonly authorizer: Authorizer
  readonly caller: Caller
  readonly requestId: string
  readonly sourceIp: string
  /** Global condition keys of the request: `requestContext` of this file and what a protocol adds. */
  readonly context: ConditionContext
}

export function createCall({ authorizer, caller, requestId, sourceIp, context }: CallOptions): Call {
  return {
    caller,
    requestId,
    sourceIp,
    authorize: (action, resource, options = {}) =>
      authorizer.require(caller, action, resource, { ...options, context: { ...context, ...options.context } }),
  }
}

/** The global condition keys that AWS sets on every request of this caller. */
export function requestContext(caller: Caller, region: string, now: Date): Record<string, string> {
  return {
    'aws:CurrentTime': now.toISOString(),
    'aws:EpochTime': String(Math.floor(now.getTime() / 1000)),
    'aws:RequestedRegion': region,
    // Every AWS endpoint is TLS. The embedded one is reachable from this machine only, so what a policy
    // means to refuse (a password on the wire) cannot happen, and a template that demands TLS must work.
    'aws:SecureTransport': 'true',
    ...principalContext(caller),
  }
}

function principalContext(caller: Caller): Record<string, string> {
  const own = { 'aws:PrincipalAccount': caller.accountId, 'aws:userid': caller.userId, 'aws:PrincipalArn': caller.arn }
  switch (caller.kind) {
    case 'root':
      return { ...own, 'aws:PrincipalType': 'Account' }
    case 'user':
      return { ...own, 'aws:PrincipalType': 'User', 'aws:username': caller.arn.slice(caller.arn.lastIndexOf('/') + 1) }
    case 'assumed-role':
      return { ...own, 'aws:PrincipalType': 'AssumedRole', 'aws:PrincipalArn': caller.roleArn ?? caller.arn }
    case 'service':
      return { 'aws:PrincipalIsAWSService': 'true', 'aws:PrincipalServiceName': caller.arn }
    case 'anonymous':
      return { 'aws:PrincipalType': 'Anonymous', 'aws:userid': 'anonymous' }
  }
}

export interface ServiceCallOptions {
  readonly authorizer: Authorizer
  /** `s3.amazonaws.com` */
  readonly principal: string
  readonly accountId: string
  readonly region: string
  /** The resource on whose behalf the service calls: `aws:SourceArn`. */
  readonly sourceArn: string
  readonly clock: () => Date
}

/** A call that one AWS service makes to another in its own name. */
export function serviceCall({ authorizer, principal, accountId, region, sourceArn, clock }: ServiceCallOptions): Call {
  const caller: Caller = {
    kind: 'service',
    arn: principal,
    accountId,
    userId: principal,
    context: { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': accountId },
  }
  return createCall({
    authorizer,
    caller,
    requestId: randomUUID(),
    sourceIp: principal,
    context: requestContext(caller, region, clock()),
  })
}
