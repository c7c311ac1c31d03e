import { type Cloud, startCloud } from '#local/cloud.ts'

/** What a benchmark must know of the cloud. */
export type CloudFacts = Pick<Cloud, 'endpoints' | 'operatorCredentials' | 'caFile' | 'region' | 'accountId'>

/** The embedded cloud as a process of its own: `cloud.ts STATE_DIR [ASSEMBLY]`. Says what it offers once it is ready. */
const [stateDir = '', assembly] = process.argv.slice(2)
const cloud = await startCloud({ stateDir })
process.once('disconnect', () => void cloud.close())
if (assembly) await cloud.deploy({ assembly })
const { endpoints, operatorCredentials, caFile, region, accountId } = cloud
process.send?.({ endpoints, operatorCredentials, caFile, region, accountId } satisfies CloudFacts)
