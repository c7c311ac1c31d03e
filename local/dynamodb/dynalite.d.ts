// Of dynalite 4, which has no types: the server, and the parts of its store that index changes need.

declare module 'dynalite' {
  import type { Server } from 'node:http'

  export default function dynalite(options: DynaliteOptions): Server

  interface DynaliteOptions {
    /** Folder of the LevelDB store. */
    path: string
    createTableMs: number
    deleteTableMs: number
    updateTableMs: number
  }
}

declare module 'dynalite/db/index.js' {
  import type { Readable } from 'node:stream'
  import type { AttributeValue, GlobalSecondaryIndexDescription, TableDescription } from '@aws-sdk/client-dynamodb'

  type Done<T = void> = (error: Error | null, value: T) => void
  type Item = Record<string, AttributeValue>

  interface Collection<T> {
    get(key: string, done: Done<T>): void
    put(key: string, value: T, done: Done): void
    del(key: string, done: Done): void
    batch(operations: readonly { type: 'put'; key: string; value: T }[], done: Done): void
    createValueStream(): Readable
    /** Calls back with what gives the lock back: it wraps the callback that ends the work. */
    lock(key: string, work: (release: (done: () => void) => () => void) => void): void
  }

  export interface DynaliteStore {
    readonly db: { close(): Promise<void> }
    readonly tableDb: Collection<TableDescription>
    getItemDb(table: string): Collection<Item>
    getIndexDb(kind: 'Global', table: string, index: string): Collection<Item>
    deleteIndexDb(kind: 'Global', table: string, index: string, done: Done): void
  }

  const db: {
    create(options: unknown): DynaliteStore
    createKey(item: Item, table: TableDescription): string
    getIndexActions(
      indexes: readonly GlobalSecondaryIndexDescription[],
      existing: Item | null,
      item: Item,
      table: TableDescription,
    ): { puts: { index: string; key: string; item: Item }[] }
  }
  export default db
}

declare module 'dynalite/actions/deleteTable.js' {
  import type { DynaliteStore } from 'dynalite/db/index.js'

  export default function deleteTable(
    store: DynaliteStore,
    input: { TableName: string },
    done: (error: Error | null) => void,
  ): void
}
