import type { Store } from '#local/store.ts'
import type { Alias, Key } from './key.ts'
import { invalid, notFound } from './kms-errors.ts'

export interface KeyStore {
  get(id: string): Key | undefined
  put(key: Key): void
  list(): Key[]
  readonly aliases: {
    get(name: string): Alias | undefined
    put(alias: Alias): void
    delete(name: string): void
    list(): Alias[]
  }
  formatArn(resource: string): string
  /** The key that an id, an ARN or an alias names; throws NotFoundException. */
  resolve(keyId: unknown): { key: Key; alias: Alias | undefined }
}

export function createKeyStore(
  store: Store,
  options: { accountId: string; region: string; clock: () => Date },
): KeyStore {
  const keys = store.collection<Key>('key')
  const aliases = store.collection<Alias>('alias')
  const arnPrefix = `arn:aws:kms:${options.region}:${options.accountId}:`

  /** A key whose waiting time is over is gone, and its aliases with it. */
  function get(id: string): Key | undefined {
    const key = keys.get(id)
    if (key?.deletedAt === undefined || key.deletedAt > options.clock().getTime()) return key
    store.transaction(() => {
      keys.delete(id)
      for (const alias of aliases.list()) if (alias.value.keyId === id) aliases.delete(alias.id)
    })
    return undefined
  }

  return {
    get,
    put: (key) => keys.put(key.id, key),
    list: () => keys.list().flatMap(({ id }) => get(id) ?? []),
    aliases: {
      get: (name) => aliases.get(name),
      put: (alias) => aliases.put(alias.name, alias),
      delete: (name) => void aliases.delete(name),
      list: () => aliases.list().map(({ value }) => value),
    },
    formatArn: (resource) => arnPrefix + resource,
    resolve(keyId) {
      if (typeof keyId !== 'string' || keyId === '' || keyId.length > 2048) throw invalid(`Invalid keyId ${keyId}`)
      const name = keyId.startsWith(arnPrefix) ? keyId.slice(arnPrefix.length) : keyId
      const alias = name.startsWith('alias/') ? aliases.get(name) : undefined
      if (name.startsWith('alias/') && !alias) throw notFound(`Alias ${arnPrefix}${name} is not found.`)
      const id = alias?.keyId ?? name.replace(/^key\//, '')
      const key = get(id)
      if (!key) throw notFound(`Key '${arnPrefix}key/${id}' does not exist`)
      return { key, alias }
    },
  }
}
