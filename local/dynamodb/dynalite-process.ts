// DynamoDB's engine in a process of its own: dynalite throws what it does not expect, which must not end the cloud.
import { once } from 'node:events'
import type { AttributeDefinition, GlobalSecondaryIndex } from '@aws-sdk/client-dynamodb'
import dynalite from 'dynalite'
import db, { type DynaliteStore } from 'dynalite/db/index.js'
import { addIndex, removeIndex } from './change-indexes.ts'
import { finishInterrupted } from './finish-interrupted.ts'

/** What the engine does beyond its HTTP API. */
export type EngineTask =
  | {
      readonly id: number
      readonly kind: 'add-index'
      readonly table: string
      readonly index: GlobalSecondaryIndex
      readonly attributes: readonly AttributeDefinition[]
    }
  | { readonly id: number; readonly kind: 'remove-index'; readonly table: string; readonly index: string }

export type EngineMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly id: number; readonly error?: string }

const [path = '', socket = ''] = process.argv.slice(2)

process.on('disconnect', () => process.exit())
// Ctrl-C reaches every process of a terminal; the cloud still needs this one until it has closed the rest.
process.on('SIGINT', () => {})

const { store, server } = open()
await finishInterrupted(store)
server.keepAliveTimeout = 0
server.listen(socket)
await once(server, 'listening')
process.on('message', async (task: EngineTask) => {
  try {
    await run(task)
    send({ kind: 'done', id: task.id })
  } catch (error) {
    send({ kind: 'done', id: task.id, error: (error as Error).message })
  }
})
send({ kind: 'ready' })

/** dynalite keeps its store to itself: this catches it on the way. */
function open() {
  const create = db.create
  let caught: DynaliteStore | undefined
  db.create = (options) => {
    caught = create(options)
    return caught
  }
  const server = dynalite({ path, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 })
  db.create = create
  if (!caught) throw new Error('dynalite opened no store')
  return { store: caught, server }
}

function run(task: EngineTask): Promise<void> {
  switch (task.kind) {
    case 'add-index':
      return addIndex(store, task.table, task.index, task.attributes)
    case 'remove-index':
      return removeIndex(store, task.table, task.index)
  }
}

function send(message: EngineMessage): void {
  process.send?.(message)
}
