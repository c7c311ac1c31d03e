import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'

/** Whether this user may mount file systems that only processes of theirs see. */
export const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

/** A file system of so many KiB on a new folder that only the shell sees which runs what it is given, line by line. */
export async function openSmallDisk(kibibytes: number) {
  const folder = temporaryFolder()
  const shell = spawn('unshare', ['-rm', 'sh'], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  onTestFinished(() => {
    if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGKILL')
  })
  const lines = createInterface(shell.stdout)[Symbol.asyncIterator]()

  async function run(command: string): Promise<{ readonly code: number; readonly output: string }> {
    shell.stdin.write(`{ ${command}\n} 2>&1 < /dev/null\necho "it ended with $?"\n`)
    let output = ''
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error(`the shell ended: ${output}`)
      const code = /^it ended with (\d+)$/.exec(value)?.[1]
      if (code !== undefined) return { code: Number(code), output }
      output += `${value}\n`
    }
  }

  const { code, output } = await run(`mount -t tmpfs -o size=${kibibytes}k tmpfs ${folder}`)
  if (code !== 0) throw new Error(output)
  return {
    folder,
    run,
    /** Leaves room for so many pages of 4 KiB. */
    fill: (pages: number) =>
      run(
        `dd if=/dev/zero of=${folder}/filler bs=4096 2> /dev/null; truncate -s -${pages * 4096} ${folder}/filler; df ${folder}`,
      ),
    free: () => run(`rm ${folder}/filler`),
  }
}
