import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleDevice } from './bundle-device.ts'

/** Builds what a device installs, and nothing else. */
const file = await bundleDevice(join(import.meta.dirname, '../dist'))
await chmod(file, 0o755)
process.stdout.write(`${file}  ${(await stat(file)).size} bytes\n`)
