import { once } from 'node:events'
import type { Cloud } from '#local/cloud.ts'
import { removeEnvironmentFile, writeEnvironmentFile } from './environment-file.ts'
import { operatorEnvironment } from './operator-environment.ts'

/** Lets shells find the cloud, calls `announce`, and returns when somebody presses Ctrl-C or ends the process. */
export async function stayUp(cloud: Cloud, stateDir: string, announce: () => void): Promise<void> {
  await writeEnvironmentFile(stateDir, operatorEnvironment(cloud))
  try {
    const ended = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
    announce()
    await ended
  } finally {
    await removeEnvironmentFile(stateDir)
  }
}
