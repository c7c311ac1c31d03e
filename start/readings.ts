import { readFile } from 'node:fs/promises'
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

/** Where Linux keeps the first thermal zone's temperature, in thousandths of a degree Celsius; few virtual machines have one. */
const thermalZone = '/sys/class/thermal/thermal_zone0/temp'

/** Readings of this machine as CSV, one line each `intervalMs`; the column of the temperature is empty where there is none. */
export async function takeReadings(count: number, intervalMs: number): Promise<string> {
  const lines = ['time,load_1min,cores,memory_used_bytes,memory_total_bytes,temperature_celsius']
  for (let taken = 0; taken < count; taken++) {
    if (taken > 0) await wait(intervalMs)
    const [load = 0] = loadavg()
    const total = totalmem()
    const row = [new Date().toISOString(), load.toFixed(2), availableParallelism(), total - freemem(), total]
    lines.push([...row, await readTemperature()].join(','))
  }
  return `${lines.join('\n')}\n`
}

async function readTemperature(): Promise<string> {
  try {
    return (Number.parseInt(await readFile(thermalZone, 'utf8'), 10) / 1000).toFixed(1)
  } catch {
    return ''
  }
}
