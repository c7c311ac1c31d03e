import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { awsJson } from '#local/gateway/aws-json.ts'
import type { Operations } from '#local/service.ts'
import { openStore } from '#local/store.ts'
import { createAliasOperations } from './alias-operations.ts'
import { createKeyOperations } from './key-operations.ts'
import { createKeyStore } from './key-store.ts'
import type { KmsState } from './open-key.ts'
import { createPolicyOperations } from './policy-operations.ts'
import { createSigningOperations } from './signing-operations.ts'
import { createTagOperations } from './tag-operations.ts'

export interface KmsOptions {
  /** Holds kms.db, and with it the private keys: readable by its owner only. */
  readonly folder: string
  readonly accountId: string
  readonly region: string
  readonly clock: () => Date
}

/** Asymmetric keys that sign: ECC_NIST_P256. */
export function createKms(options: KmsOptions) {
  const file = join(options.folder, 'kms.db')
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  // SQLite gives its journal files the mode of the database.
  closeSync(openSync(file, 'a', 0o600))
  const store = openStore(file)
  const state: KmsState = { ...options, keys: createKeyStore(store, options) }
  const operations = {
    ...createKeyOperations(state),
    ...createPolicyOperations(state),
    ...createTagOperations(state),
    ...createAliasOperations(state),
    ...createSigningOperations(state),
  } satisfies Operations
  return { operations, service: awsJson({ operations, target: 'TrentService', version: '1.1' }), close: store.close }
}
