import { readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { openJournal } from './journal.ts'

const dayMs = 86_400_000

function createJournal({ dir = temporaryFolder(), bucket = 'files', keyPrefix = 'things/press-7/', now = 0 } = {}) {
  const clock = { ms: now }
  const open = () => openJournal({ dir, bucket, keyPrefix, clock: () => new Date(clock.ms) })
  const journal = open()
  let isOpen = true
  const close = () => {
    if (isOpen) journal.close()
    isOpen = false
  }
  onTestFinished(close)
  let drawn = 0
  return {
    dir,
    clock,
    journal: { ...journal, close },
    open,
    draw: () => `${keyPrefix}day/${++drawn}`,
    drawn: () => drawn,
  }
}

const file = (path: string, identity = '1 2 3') => ({ path, identity })

test('is readable by nobody else', () => {
  const { dir, journal, draw } = createJournal()
  journal.plan([file('/a')], draw)
  expect(readdirSync(dir).length).toBeGreaterThan(1)
  for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600)
})

test('draws a key once for what stays the same, also in another process', () => {
  const { journal, open, draw, drawn } = createJournal()
  const [a, b] = journal.plan([file('/a'), file('/b')], draw)
  const other = open()
  expect(other.plan([file('/b'), file('/c'), file('/a')], draw).map(({ key }) => key)).toEqual([
    b?.key,
    'things/press-7/day/3',
    a?.key,
  ])
  other.close()
  expect(journal.plan([file('/a', '1 2 4')], draw)[0]?.key).toBe('things/press-7/day/4')
  expect(journal.find(file('/a'))).toBeUndefined()
  expect(drawn()).toBe(4)
})

test.each([{ bucket: 'others' }, { keyPrefix: 'things/press-8/' }])(
  'knows nothing of what went elsewhere: %j',
  (elsewhere) => {
    const { dir, journal, draw } = createJournal()
    const entries = journal.plan([file('/a')], draw)
    for (const entry of entries) journal.finish(entry)
    expect(journal.find(file('/a'))?.isDone).toBe(true)
    expect(createJournal({ dir, ...elsewhere }).journal.find(file('/a'))).toBeUndefined()
  },
)

test('shares a write between files that are finished: soon, by the next plan, at the end', async () => {
  const { journal, open, draw } = createJournal()
  const [a, b, c] = journal.plan([file('/a'), file('/b'), file('/c')], draw)
  if (a === undefined || b === undefined || c === undefined) return expect.unreachable()
  const other = open()
  const isDoneThere = (path: string) => other.find(file(path))?.isDone
  journal.finish(a, 'things/press-7/day/elsewhere')
  expect(journal.find(file('/a'))).toEqual({ ...a, key: 'things/press-7/day/elsewhere', isDone: true })
  expect(isDoneThere('/a')).toBe(false)
  await expect.poll(() => isDoneThere('/a')).toBe(true)
  journal.finish(b)
  journal.plan([file('/d')], draw)
  expect(isDoneThere('/b')).toBe(true)
  journal.finish(c)
  journal.leftovers()
  expect(isDoneThere('/c')).toBe(true)
  const [d] = journal.plan([file('/d')], draw)
  if (d !== undefined) journal.finish(d)
  journal.close()
  expect(isDoneThere('/d')).toBe(true)
  other.close()
})

test('keeps the parts of an upload until it is done or given up', () => {
  const { journal, draw, clock } = createJournal({ now: 5 })
  const [entry] = journal.plan([file('/a')], draw)
  if (entry === undefined) return expect.unreachable()
  const part = (number: number) => ({ number, etag: `"${number}"`, crc32: 0xffffffff })
  journal.begin(entry, { id: 'first', partBytes: 8 })
  for (const number of [2, 1, 2]) journal.addPart(entry, part(number))
  journal.setCompleting(entry, true)
  clock.ms = 9
  const multipart = { id: 'first', partBytes: 8, begunMs: 5, isCompleting: true }
  expect(journal.find(file('/a'))).toMatchObject({ isDone: false, multipart })
  expect(journal.parts(entry)).toEqual([part(1), part(2)])

  journal.forgetMultipart(entry)
  expect(journal.find(file('/a'))).toMatchObject({ key: entry.key, multipart: undefined })
  expect(journal.parts(entry)).toEqual([])
  journal.begin(entry, { id: 'second', partBytes: 8 })
  journal.plan([file('/a', 'another')], draw)
  expect(journal.leftovers()).toEqual([
    { multipartId: 'first', key: entry.key },
    { multipartId: 'second', key: entry.key },
  ])
  for (const leftover of journal.leftovers()) journal.dropLeftover(leftover)
  expect(journal.leftovers()).toEqual([])
})

test('forgets files that are gone, a while after they were looked at', () => {
  const { journal, draw, clock } = createJournal()
  journal.plan([file('/gone'), file('/changed'), file('/there')], draw)
  const identify = (path: string) => (path === '/gone' ? undefined : path === '/there' ? '1 2 3' : 'another')
  const known = () => ['/gone', '/changed', '/there'].filter((path) => journal.find(file(path)) !== undefined)
  clock.ms = dayMs
  journal.prune(dayMs, identify)
  expect(known()).toHaveLength(3)
  clock.ms = dayMs + 1
  journal.prune(dayMs, identify)
  expect(known()).toEqual(['/there'])
})

test('leaves a file alone that is no journal, or that another version wrote', () => {
  const dir = temporaryFolder()
  writeFileSync(join(dir, 'journal.db'), 'these are not the bytes of a database'.repeat(100))
  const unusable = expect.objectContaining({ code: 'JOURNAL_UNUSABLE' })
  expect(() => createJournal({ dir })).toThrow(unusable)
  const newer = temporaryFolder()
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(join(newer, 'journal.db'))
  database.exec('PRAGMA user_version = 99')
  database.close()
  expect(() => createJournal({ dir: newer })).toThrow(unusable)
  expect(() => createJournal({ dir: join(dir, 'none') })).toThrow(unusable)
})
