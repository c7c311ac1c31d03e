import { join } from 'node:path'
import type { Row } from './print-table.ts'
import { type ClientCommand, runClient } from './run-client.ts'
import { takeTurns } from './take-turns.ts'
import { createFiles, type Over, type UploadStage } from './upload-stage.ts'
import { foundTools, type ToolName, uploadWith } from './upload-tools.ts'

const maxRatio = 1.3
const peers: readonly ToolName[] = ['rclone', 'aws', 's3cmd', 'curl']

/** From the start of the process to the moment when the sink sees its first connection, with one small file to send. */
export async function measureStart(stage: UploadStage, over: Over, rounds = 9): Promise<Row[]> {
  const folder = join(stage.workshop, 'one')
  const names = createFiles(folder, 1, 4096)
  const target = await stage.target(over)
  const get = `require('node:https').get({ host: 'localhost', port: ${stage.ports.https}, agent: false, ca: require('node:fs').readFileSync('${stage.caFile}') }, (answer) => answer.resume())`
  const empty: ClientCommand = { command: ['node', '--eval', get] }

  async function secondsTo(command: ClientCommand): Promise<number> {
    const { startedMs } = await runClient(command)
    const { firstConnectionMs } = await stage.tally(true)
    return (firstConnectionMs - startedMs) / 1000
  }

  const found = peers.filter((peer) => foundTools.has(peer))
  const job = { target, folder, names, workshop: stage.workshop, prefix: 'one' }
  const { median, ratio } = await takeTurns<'thingdrop' | 'node' | ToolName>(
    {
      thingdrop: () => secondsTo(stage.device(target)(['upload', join(folder, names[0] ?? '')])),
      node: () => secondsTo(empty),
      ...(Object.fromEntries(found.map((peer) => [peer, () => secondsTo(uploadWith(peer, job))])) as Record<
        ToolName,
        () => Promise<number>
      >),
    },
    rounds,
    120_000,
  )
  const format = (seconds: number) => `${(seconds * 1000).toFixed(0)} ms`
  const row = (peer: 'node' | ToolName, name: string): Row => ({
    what: 'start to first connection',
    ours: format(median.thingdrop),
    peer: `${format(median[peer])} (${name})`,
    ratio: ratio('thingdrop', peer),
  })
  const judged = row('node', 'node with https.get')
  return [
    { ...judged, goal: { text: `≤ ${maxRatio}`, isMet: (judged.ratio ?? Number.NaN) <= maxRatio } },
    ...found.map((peer) => row(peer, peer)),
  ]
}
