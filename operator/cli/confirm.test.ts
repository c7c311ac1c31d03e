import { expect, test } from 'vitest'
import { confirm } from './confirm.ts'

const consequence = 'press-1 is gone.'

test('goes on for a yes alone', async () => {
  const asked: string[] = []
  const answering = (answer: string) => ({
    async ask(question: string) {
      asked.push(question)
      return answer
    },
  })
  for (const yes of ['y', 'yes', ' Y ', 'YES']) await confirm(consequence, {}, answering(yes))
  for (const no of ['', 'n', 'yess', 'no, yes']) {
    await expect(confirm(consequence, {}, answering(no))).rejects.toMatchObject({ code: 'NOT_CONFIRMED' })
  }
  expect(asked[0]).toBe('press-1 is gone.\nGo on? [y/N] ')
})

test('asks nobody who said --yes, and does nothing where nobody is', async () => {
  await confirm(consequence, { yes: true }, { ask: undefined })
  await expect(confirm(consequence, {}, { ask: undefined })).rejects.toMatchObject({
    code: 'CONFIRMATION_MISSING',
    hint: '--yes confirms it',
  })
})
