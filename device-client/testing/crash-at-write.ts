import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'

// Preloaded with --import: kills this process before its CRASH_AT-th write to the journal, or removal or move of a file.
let writes = 0
function counted<Args extends unknown[], Result>(write: (this: unknown, ...args: Args) => Result) {
  return function (this: unknown, ...args: Args): Result {
    if (++writes === Number(process.env.CRASH_AT)) process.kill(process.pid, 'SIGKILL')
    return write.apply(this, args)
  }
}
Object.assign(DatabaseSync.prototype, { exec: counted(DatabaseSync.prototype.exec) })
Object.assign(StatementSync.prototype, { run: counted(StatementSync.prototype.run as (...args: unknown[]) => unknown) })
Object.assign(fs, { rmSync: counted(fs.rmSync), renameSync: counted(fs.renameSync) })
syncBuiltinESMExports()
