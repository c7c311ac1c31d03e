import { awsQuery } from '#local/gateway/aws-query.ts'
import type { CredentialLookup } from '#local/gateway/credential-lookup.ts'
import type { Authorizer, Caller, HttpService, Operations } from '#local/service.ts'
import { iamOperations } from './api/iam-operations.ts'
import { createAuthorizer, requireAccess } from './authorizer.ts'
import { credentialLookup } from './credentials.ts'
import { createDecisionFeed, type Decisions } from './decisions.ts'
import { openDirectory } from './directory.ts'
import { effectivePolicies } from './effective-policies.ts'
import { operatorKeyId } from './operator.ts'
import { openSecretKeys } from './secret-keys.ts'
import { type AssumeRole, createAssumeRole } from './sessions.ts'
import { stsOperations } from './sts-operations.ts'

export interface IamOptions {
  /** Holds iam.sqlite, readable by its owner only. */
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
}

export interface Iam {
  readonly authorizer: Authorizer
  readonly credentials: CredentialLookup
  readonly decisions: Decisions
  readonly operations: Operations
  readonly service: HttpService
  readonly sts: Operations
  readonly stsService: HttpService
  readonly assumeRole: AssumeRole
  /** The account itself: what the deployer acts as. */
  readonly root: Caller
  /** Of the user `operator`, who may do everything. */
  operatorCredentials(): { readonly accessKeyId: string; readonly secretAccessKey: string }
  close(): void
}

export function createIam({ folder, accountId, region, clock }: IamOptions): Iam {
  const directory = openDirectory(folder, accountId)
  const keys = openSecretKeys(directory)
  operatorKeyId(directory, clock)
  const feed = createDecisionFeed()
  const requireAccessTo = requireAccess(effectivePolicies(directory), feed)
  const assumeRole = createAssumeRole({ directory, keys, requireAccess: requireAccessTo, region, clock })
  const operations = iamOperations(directory, keys, clock)
  const sts = stsOperations(assumeRole)
  return {
    authorizer: createAuthorizer(requireAccessTo),
    credentials: credentialLookup({ directory, keys, clock }),
    decisions: feed,
    operations,
    service: awsQuery({
      operations,
      version: '2010-05-08',
      namespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
      types: {
        MaxItems: 'integer',
        MaxSessionDuration: 'integer',
        OnlyAttached: 'boolean',
        SetAsDefault: 'boolean',
        Tags: 'list',
        TagKeys: 'list',
      },
    }),
    sts,
    stsService: awsQuery({
      operations: sts,
      version: '2011-06-15',
      namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      types: { DurationSeconds: 'integer' },
    }),
    assumeRole,
    root: { kind: 'root', arn: `arn:aws:iam::${accountId}:root`, accountId, userId: accountId, context: {} },
    operatorCredentials() {
      const accessKeyId = operatorKeyId(directory, clock)
      return { accessKeyId, secretAccessKey: keys.secretAccessKey(accessKeyId) }
    },
    close: () => directory.close(),
  }
}
