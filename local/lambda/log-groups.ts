import { AwsError, type Operations } from '#local/service.ts'
import type { Store } from '#local/store.ts'

export interface LogGroup {
  readonly logGroupName: string
  readonly creationTime: number
  readonly retentionInDays?: number
}

/** The part of CloudWatch Logs that says which groups exist; what functions write goes to files (function-log.ts). */
export function createLogGroups(store: Store, accountId: string, region: string, clock: () => Date) {
  const groups = store.collection<LogGroup>('log-group')
  const arnOf = (name: string) => `arn:aws:logs:${region}:${accountId}:log-group:${name}`

  function get(name: string): LogGroup {
    const found = groups.get(name)
    if (found) return found
    throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.')
  }

  function create(name: string): void {
    if (groups.create(name, { logGroupName: name, creationTime: clock().getTime() })) return
    throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists')
  }

  const operations: Operations = {
    CreateLogGroup({ logGroupName }, call) {
      if (!/^[.\-_/#A-Za-z0-9]{1,512}$/.test(logGroupName)) {
        throw new AwsError('InvalidParameterException', `${logGroupName} is not a log group name`)
      }
      call.authorize('logs:CreateLogGroup', arnOf(logGroupName))
      create(logGroupName)
    },
    DeleteLogGroup({ logGroupName }, call) {
      call.authorize('logs:DeleteLogGroup', arnOf(logGroupName))
      get(logGroupName)
      groups.delete(logGroupName)
    },
    PutRetentionPolicy({ logGroupName, retentionInDays }, call) {
      call.authorize('logs:PutRetentionPolicy', arnOf(logGroupName))
      groups.put(logGroupName, { ...get(logGroupName), retentionInDays })
    },
    DeleteRetentionPolicy({ logGroupName }, call) {
      call.authorize('logs:DeleteRetentionPolicy', arnOf(logGroupName))
      const { retentionInDays: _gone, ...group } = get(logGroupName)
      groups.put(logGroupName, group)
    },
    DescribeLogGroups({ logGroupNamePrefix = '', limit = 50, nextToken }, call) {
      call.authorize('logs:DescribeLogGroups', '*')
      const rows = groups.list({ prefix: logGroupNamePrefix, limit: limit + 1, ...(nextToken && { after: nextToken }) })
      const page = rows.slice(0, limit)
      return {
        logGroups: page.map(({ value }) => ({ ...value, arn: `${arnOf(value.logGroupName)}:*` })),
        ...(rows.length > limit && { nextToken: page.at(-1)?.id }),
      }
    },
  }
  return { operations, arnOf, exists: (name: string) => groups.get(name) !== undefined, create }
}
