import { readFileSync } from 'node:fs'

/** The most memory that a process has had, in bytes; undefined where there is no /proc. */
export function peakMemoryBytes(pid: number): number | undefined {
  return memoryBytes('VmHWM', pid)
}

/** What it has now. */
export function residentMemoryBytes(pid: number): number | undefined {
  return memoryBytes('VmRSS', pid)
}

function memoryBytes(figure: 'VmHWM' | 'VmRSS', pid: number): number | undefined {
  const kibibytes = new RegExp(`^${figure}:\\s+(\\d+) kB$`, 'm').exec(readProc(pid, 'status') ?? '')?.[1]
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** Processor time that a process has used, its own and the kernel's for it; NaN where there is no /proc. */
export function processorSeconds(pid: number): number {
  const stat = readProc(pid, 'stat') ?? ''
  // The name, in brackets, may have spaces; utime and stime are fields 14 and 15, in hundredths of a second on every Linux.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
