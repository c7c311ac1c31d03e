import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { type Collection, openStore } from '#local/store.ts'
import type {
  AccessKeyRecord,
  EntityKind,
  InlinePolicyRecord,
  PolicyRecord,
  RoleRecord,
  UserRecord,
} from './records.ts'

/** Everything IAM knows, in one SQLite file that only its owner can read. */
export interface Directory {
  readonly accountId: string
  readonly user: Collection<UserRecord>
  readonly role: Collection<RoleRecord>
  /** By ARN. */
  readonly policies: Collection<PolicyRecord>
  readonly accessKeys: Collection<AccessKeyRecord>
  /** By `kind/name/policy name`, names in lower case. */
  readonly inlinePolicies: Collection<InlinePolicyRecord>
  /** By `kind/name/policy ARN`. */
  readonly attachments: Collection<{ readonly policyArn: string; readonly kind: EntityKind; readonly name: string }>
  readonly settings: Collection<string>
  /** Every write goes through here: all or nothing, and whoever derived something from the directory hears of it. */
  change<R>(work: () => R): R
  onChange(listener: () => void): void
  close(): void
}

export function openDirectory(folder: string, accountId: string): Directory {
  const file = join(folder, 'iam.sqlite')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  // SQLite gives its journal files the mode of the database.
  closeSync(openSync(file, 'a', 0o600))
  const store = openStore(file)
  const listeners: (() => void)[] = []
  return {
    accountId,
    user: store.collection('user'),
    role: store.collection('role'),
    policies: store.collection('policy'),
    accessKeys: store.collection('access-key'),
    inlinePolicies: store.collection('inline-policy'),
    attachments: store.collection('attachment'),
    settings: store.collection('setting'),
    change(work) {
      const result = store.transaction(work)
      for (const listener of listeners) listener()
      return result
    },
    onChange: (listener) => void listeners.push(listener),
    close: () => store.close(),
  }
}
