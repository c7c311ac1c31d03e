import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

// Preloaded with --import: kills this process before its CRASH_AT-th change of a folder. A draft that is written changes
// nothing that anybody reads.
let changes = 0
for (const name of ['renameSync', 'linkSync', 'rmSync'] as const) {
  const change = fs[name] as (...args: unknown[]) => unknown
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      if (++changes === Number(process.env.CRASH_AT)) process.kill(process.pid, 'SIGKILL')
      return change(...args)
    },
  })
}
syncBuiltinESMExports()
