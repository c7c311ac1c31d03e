import type { Local, startLocal } from '../start/start-local.ts'

/** What a cloud in a process of its own says when it is ready, on one line. */
export type CloudReady = Pick<Local, 'caFile' | 'region' | 'client' | 'outputs'>

/** The embedded cloud with the stack on the folder that the first argument names, from the library that the second does, until it is killed. */
if (import.meta.main) {
  const [stateDir = '', library = ''] = process.argv.slice(2)
  const start: typeof startLocal = (await import(library)).startLocal
  const { caFile, region, client, outputs } = await start({ stateDir })
  process.stdout.write(`${JSON.stringify({ caFile, region, client, outputs } satisfies CloudReady)}\n`)
}
