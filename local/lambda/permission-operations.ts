import { AwsError, type Operations } from '#local/service.ts'
import type { FunctionRecord, PermissionStatement } from './function-record.ts'
import type { FunctionStore } from './function-store.ts'

/** A function's resource policy, or undefined when nobody was given a permission. */
export function functionPolicy({ permissions }: FunctionRecord) {
  return permissions.length === 0 ? undefined : { Version: '2012-10-17', Id: 'default', Statement: permissions }
}

export function createPermissionOperations(functions: FunctionStore): Operations {
  return {
    AddPermission(input, call) {
      const name = functions.parseName(input.FunctionName)
      call.authorize('lambda:AddPermission', functions.arnOf(name), {
        context: { 'lambda:Principal': String(input.Principal) },
      })
      const found = functions.get(name)
      if (!/^[\w-]{1,100}$/.test(input.StatementId)) throw invalid('StatementId is not [a-zA-Z0-9-_]{1,100}')
      if (!/^lambda:\w+$|^\*$/.test(input.Action)) throw invalid(`${input.Action} is not a Lambda action`)
      if (found.permissions.some((statement) => statement.Sid === input.StatementId)) {
        const message = `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`
        throw new AwsError('ResourceConflictException', message, 409)
      }
      const statement = toStatement(input, found.configuration.FunctionArn)
      functions.put({ ...found, permissions: [...found.permissions, statement] })
      return { Statement: JSON.stringify(statement) }
    },

    RemovePermission(input, call) {
      const name = functions.parseName(input.FunctionName)
      call.authorize('lambda:RemovePermission', functions.arnOf(name))
      const found = functions.get(name)
      const permissions = found.permissions.filter((statement) => statement.Sid !== input.StatementId)
      if (permissions.length === found.permissions.length) {
        throw new AwsError(
          'ResourceNotFoundException',
          `Statement ${input.StatementId} is not found in resource policy.`,
          404,
        )
      }
      functions.put({ ...found, permissions })
    },

    GetPolicy(input, call) {
      const name = functions.parseName(input.FunctionName)
      call.authorize('lambda:GetPolicy', functions.arnOf(name))
      const found = functions.get(name)
      const policy = functionPolicy(found)
      if (!policy) {
        throw new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.', 404)
      }
      return { Policy: JSON.stringify(policy), RevisionId: found.configuration.RevisionId }
    },
  }
}

interface AddPermissionInput {
  readonly StatementId: string
  readonly Action: string
  readonly Principal: string
  readonly SourceArn?: string
  readonly SourceAccount?: string
  readonly PrincipalOrgID?: string
}

function toStatement(input: AddPermissionInput, functionArn: string): PermissionStatement {
  const conditions = {
    ...(input.SourceArn && { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
    ...((input.SourceAccount || input.PrincipalOrgID) && {
      StringEquals: {
        ...(input.SourceAccount && { 'AWS:SourceAccount': input.SourceAccount }),
        ...(input.PrincipalOrgID && { 'aws:PrincipalOrgID': input.PrincipalOrgID }),
      },
    }),
  }
  return {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: readPrincipal(input.Principal),
    Action: input.Action,
    Resource: functionArn,
    ...(Object.keys(conditions).length > 0 && { Condition: conditions }),
  }
}

function readPrincipal(principal: string): PermissionStatement['Principal'] {
  if (principal === '*') return '*'
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` }
  return principal.startsWith('arn:') ? { AWS: principal } : { Service: principal }
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message)
}
