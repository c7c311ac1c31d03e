import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describeApi } from '#contract/open-api.ts'
import { formatApiDocs } from './format-api-docs.ts'

await writeFile(join(import.meta.dirname, '..', 'docs', 'api.md'), formatApiDocs(describeApi()))
