import { synthesize } from '../start/synthesize.ts'

/** One synthesis for all test files: each then deploys the same template that AWS would get. */
export default async function setup(): Promise<void> {
  await synthesize()
}
