import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { describeApi } from '#contract/open-api.ts'
import { formatApiDocs } from '../build/format-api-docs.ts'

const docs = await readFile(join(import.meta.dirname, '..', 'docs', 'api.md'), 'utf8')

test('docs/api.md is what the code says (node build/write-api-docs.ts writes it)', () => {
  expect(docs).toBe(formatApiDocs(describeApi()))
})

test('its links lead to headings of it', () => {
  const headings = new Set(
    [...docs.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-')),
  )
  for (const [, anchor = ''] of docs.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor)
})
