import { describe, expect, test } from 'vitest'
import { createOperator, OperatorError } from './index.ts'
import { startTestApi, type TestAnswer, type TestRequest, testCredentials, testRegion } from './test-api.ts'

const claim = {
  claimId: '0123456789abcdef',
  thingName: 'press-1',
  expiresAt: '2026-03-02T00:00:00.000Z',
  claimUrl: `https://api.example/v1/certificates?thing=press-1#tdc_0123456789abcdef_${'a'.repeat(64)}`,
}
const upload = {
  thingName: 'press-1',
  event: 'created',
  key: 'things/press-1/2026-03-01/0123456789abcdef-a b+c.csv',
  eventTime: '2026-03-01T08:00:00.000Z',
  loggedAt: '2026-03-01T08:00:01.000Z',
  sequencer: '00A1',
}
const busy: TestAnswer = { status: 503, body: { message: 'Service Unavailable' } }

async function startOperator(answer: (request: TestRequest) => TestAnswer) {
  const { url, requests } = await startTestApi(answer)
  const operator = createOperator({ apiUrl: url, region: testRegion, credentials: testCredentials, random: () => 0 })
  return { operator, requests }
}

/** Answers the given ones in turn; the last for good. */
function inTurn(...answers: [TestAnswer, ...TestAnswer[]]) {
  return () => (answers.length > 1 ? answers.shift() : answers[0]) as TestAnswer
}

async function failureOf(promise: Promise<unknown>): Promise<OperatorError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof OperatorError) return error
  throw new Error('no OperatorError', { cause: error })
}

async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const page of pages) collected.push(page)
  return collected
}

test('makes a claim by a signed POST', async () => {
  const { operator, requests } = await startOperator(() => ({ status: 201, body: claim }))
  expect(await operator.claims.create({ thingName: 'press-1', attributes: { site: 'oslo' } })).toEqual(claim)
  expect(requests[0]).toMatchObject({ method: 'POST', path: '/v1/claims' })
  expect(JSON.parse(requests[0]?.body ?? '')).toEqual({
    thingName: 'press-1',
    attributes: { site: 'oslo' },
    ttlSeconds: 86_400,
    replace: false,
  })
})

test('signs a query with characters that a signature writes its own way', async () => {
  const { operator, requests } = await startOperator(() => ({ status: 200, body: { uploads: [upload] } }))
  const cursor = 'a b+c/d=e*f~g%h!(ø)'
  const answer = await operator.uploads.list({ thing: 'press:1', from: '2026-03-01T00:00:00.000Z', cursor })
  expect(answer.uploads).toEqual([upload])
  expect(Object.fromEntries(requests[0]?.query ?? [])).toEqual({
    thing: 'press:1',
    from: '2026-03-01T00:00:00.000Z',
    cursor,
    limit: '100',
  })
})

test('signs a path with a character that is encoded in it', async () => {
  const thing = { thingName: 'press:1', state: 'active', attributes: {}, changedAt: upload.loggedAt }
  const { operator, requests } = await startOperator(() => ({ status: 200, body: thing }))
  expect(await operator.things.show('press:1')).toEqual(thing)
  expect(requests[0]?.path).toBe('/v1/things/press%3A1')
})

test('keeps a stage path of the address', async () => {
  const { url, requests } = await startTestApi(() => ({ status: 200, body: { things: [] } }))
  const apiUrl = `${url}/prod/`
  await createOperator({ apiUrl, region: testRegion, credentials: testCredentials }).things.list()
  expect(requests[0]?.path).toBe('/prod/v1/things')
})

describe('pages', () => {
  test('go on past an empty page until no cursor follows', async () => {
    const { operator, requests } = await startOperator(
      inTurn(
        { status: 200, body: { uploads: [upload], cursor: 'one' } },
        { status: 200, body: { uploads: [], cursor: 'two' } },
        { status: 200, body: { uploads: [upload] } },
      ),
    )
    const pages = await collect(operator.uploads.pages({ thing: 'press-1' }))
    expect(pages.map(({ uploads }) => uploads.length)).toEqual([1, 0, 1])
    expect(requests.map(({ query }) => query.get('cursor'))).toEqual([null, 'one', 'two'])
    expect(requests.map(({ query }) => query.get('limit'))).toEqual(['1000', '1000', '1000'])
  })

  test('ask for no more rows than are missing', async () => {
    const { operator, requests } = await startOperator(({ query }) => ({
      status: 200,
      body: {
        uploads: Array.from({ length: Math.min(Number(query.get('limit')), 2) }, () => upload),
        cursor: `after ${query.get('cursor')}`,
      },
    }))
    const pages = await collect(operator.uploads.pages({}, { limit: 3, cursor: 'start' }))
    expect(pages.map(({ uploads }) => uploads.length)).toEqual([2, 1])
    expect(requests.map(({ query }) => query.get('limit'))).toEqual(['3', '1'])
  })

  test('refuse a cursor that leads back to itself', async () => {
    const { operator } = await startOperator(() => ({ status: 200, body: { things: [], cursor: 'same' } }))
    const failure = await failureOf(collect(operator.things.pages()))
    expect(failure.code).toBe('API_ANSWER_INVALID')
  })
})

describe('retries', () => {
  test('a GET that was refused for now or broke off', async () => {
    const { operator, requests } = await startOperator(inTurn(busy, 'hang up', { status: 200, body: { things: [] } }))
    expect(await operator.things.list()).toEqual({ things: [] })
    expect(requests).toHaveLength(3)
  })

  test('a POST that was throttled, but none that broke off: it may have made a claim', async () => {
    const throttled = await startOperator(inTurn({ status: 429, body: {} }, { status: 201, body: claim }))
    expect(await throttled.operator.claims.create({ thingName: 'press-1' })).toEqual(claim)
    const broken = await startOperator(() => 'hang up')
    expect((await failureOf(broken.operator.claims.create({ thingName: 'press-1' }))).code).toBe('API_UNREACHABLE')
    expect(broken.requests).toHaveLength(1)
  })

  test('an issue that broke off, and as often as the caller has patience', async () => {
    const { url, requests } = await startTestApi(() => busy)
    const options = { apiUrl: url, region: testRegion, credentials: testCredentials, random: () => 0 }
    const patient = createOperator({ ...options, maxAttempts: 7 })
    expect((await failureOf(patient.certificates.issue({ csr: 'x' }))).code).toBe('API_FAILED')
    expect(requests).toHaveLength(7)
    const broken = await startOperator(() => 'hang up')
    expect((await failureOf(broken.operator.certificates.issue({ csr: 'x' }))).code).toBe('API_UNREACHABLE')
    expect(broken.requests).toHaveLength(4)
  })

  test('give up after four attempts with what the API said', async () => {
    const { operator, requests } = await startOperator(() => busy)
    const failure = await failureOf(operator.things.list())
    expect(failure).toMatchObject({ code: 'API_FAILED', status: 503, requestId: 'gateway-request' })
    expect(failure.message).toContain('Service Unavailable')
    expect(requests).toHaveLength(4)
  })
})

describe('refusals', () => {
  test('carry the code, hint and request id of the problem, known or not', async () => {
    const problem = { type: 'about:blank', title: 'x', status: 409, detail: 'd', hint: 'h', requestId: 'r-1' }
    for (const code of ['THING_HELD', 'CODE_OF_TOMORROW']) {
      const { operator } = await startOperator(() => ({ status: 409, body: { ...problem, code } }))
      const failure = await failureOf(operator.claims.create({ thingName: 'press-1' }))
      expect(failure).toMatchObject({ code, message: 'd', hint: 'h', requestId: 'r-1', status: 409 })
    }
  })

  test('of a wrong secret and of a wrong clock are told apart', async () => {
    const { url } = await startTestApi(() => busy)
    const wrongSecret = { ...testCredentials, secretAccessKey: 'other' }
    const wrong = createOperator({ apiUrl: url, region: testRegion, credentials: wrongSecret })
    expect(await failureOf(wrong.things.list())).toMatchObject({ code: 'ACCESS_DENIED', status: 403 })

    const late = () => new Date(Date.now() - 12 * 60_000)
    const skewed = createOperator({ apiUrl: url, region: testRegion, credentials: wrongSecret, clock: late })
    const failure = await failureOf(skewed.things.list())
    expect(failure.code).toBe('CLOCK_SKEWED')
    expect(failure.message).toContain('12 minutes behind')
  })

  test('of a request that the contract does not allow come without a call', async () => {
    const { operator, requests } = await startOperator(() => busy)
    const failure = await failureOf(operator.claims.create({ thingName: 'press 1' }))
    expect(failure).toMatchObject({ code: 'REQUEST_INVALID', status: undefined })
    expect(failure.message).toContain('thingName')
    expect(requests).toHaveLength(0)
  })

  test('of a path that is none of its route’s come without a call, and without the secret in it', async () => {
    const { operator, requests } = await startOperator(() => busy)
    const secret = `tdc_0123456789abcdef_${'a'.repeat(64)}`
    const failures = await Promise.all([
      failureOf(operator.claims.revoke(secret)),
      failureOf(operator.certificates.show('..')),
      failureOf(operator.things.show('../claims')),
      failureOf(operator.caCertificates.retire('..')),
      failureOf(operator.explain('a/b')),
    ])
    for (const { code, message } of failures) {
      expect(code).toBe('REQUEST_INVALID')
      expect(message).not.toContain('aaa')
    }
    expect(requests).toHaveLength(0)
  })

  test('of what is no thingdrop API say so', async () => {
    const page = await startOperator(() => ({ status: 200, body: '<html>' }))
    expect((await failureOf(page.operator.things.list())).code).toBe('API_ANSWER_INVALID')
    const otherApi = await startOperator(() => ({ status: 404, body: { message: 'Not Found' } }))
    expect((await failureOf(otherApi.operator.things.list())).code).toBe('API_ANSWER_INVALID')
    const moved = await startOperator(() => ({ status: 302, body: '', headers: { location: 'https://example.com' } }))
    expect(await failureOf(moved.operator.things.list())).toMatchObject({ code: 'API_FAILED', status: 302 })
  })
})
