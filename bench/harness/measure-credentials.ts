import type { CredentialsJob } from '../programs/fetch-credentials.ts'
import type { Row } from './print-table.ts'
import { startProgram } from './start-program.ts'
import { takeTurns } from './take-turns.ts'
import type { Over, UploadStage } from './upload-stage.ts'

const maxRatio = 1.4
const count = 500

/** One set of credentials after the other over a kept connection, beside AWS's own provider in C. */
export async function measureCredentials(stage: UploadStage, _: Over, rounds = 9): Promise<Row[]> {
  const what = 'credentials, connection kept'
  const { ports, caFile, identity } = stage
  const job: CredentialsJob = { port: ports.https, proxyPort: ports.proxy, caFile, count, ...identity }
  const ours = await startProgram('fetch-credentials')
  const crt = await startProgram('fetch-credentials-crt').catch(() => undefined)
  const ask = async (program: typeof ours) => (await program.ask<{ seconds: number }>(job)).seconds / count
  const { median, ratio } = await takeTurns(
    { ours: () => ask(ours), crt: async () => (crt === undefined ? Number.NaN : await ask(crt)) },
    rounds,
  )
  await Promise.all([ours.stop(), crt?.stop()])
  const format = (seconds: number) => `${(seconds * 1000).toFixed(2)} ms`
  if (crt === undefined) return [{ what, ours: format(median.ours), peer: 'aws-crt could not be loaded' }]
  const quotient = ratio('ours', 'crt')
  return [
    {
      what,
      ours: format(median.ours),
      peer: `${format(median.crt)} (aws-crt)`,
      ratio: quotient,
      goal: { text: `≤ ${maxRatio}`, isMet: quotient <= maxRatio },
    },
  ]
}
