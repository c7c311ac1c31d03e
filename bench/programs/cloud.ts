import { type Cloud, startCloud } from '#local/cloud.ts'

/** What a benchmark must know of the cloud. */
export type CloudFacts = Pick<Cloud, 'endpoints' | 'operatorCredentials' | 'caFile' | 'region'>

/** The embedded cloud as a process of its own: `cloud.ts STATE_DIR`. Says what it offers once it is ready. */
const [stateDir = ''] = process.argv.slice(2)
const cloud = await startCloud({ stateDir })
process.once('disconnect', () => void cloud.close())
const { endpoints, operatorCredentials, caFile, region } = cloud
process.send?.({ endpoints, operatorCredentials, caFile, region } satisfies CloudFacts)
