import { Validator } from '@seriousme/openapi-schema-validator'
import { expect, test } from 'vitest'
import { describeApi } from './open-api.ts'
import { routes } from './routes.ts'

const document = describeApi()
const described = Object.values(document.paths).flatMap((item) => Object.values(item))

test('the document is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as never)
  expect(errors ?? []).toEqual([])
  expect(valid).toBe(true)
})

test('every route is described once, and every place in its path', () => {
  expect(described.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(routes).sort())
  for (const { operationId, parameters } of described) {
    const places = [...routes[operationId].path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const inPath = parameters.filter((parameter) => parameter.in === 'path')
    expect(inPath.map(({ name }) => name)).toEqual(places)
    for (const parameter of inPath) expect(parameter.required).toBe(true)
  }
})

test('what is referred to is there', () => {
  const named = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => name,
  )
  expect(new Set(named)).toEqual(new Set(Object.keys(document.components.schemas)))
})

test('parameters have the types that they become, requests are strict and answers may grow', () => {
  const list = document.paths['/v1/uploads']?.get
  expect(list?.parameters.find(({ name }) => name === 'limit')).toMatchObject({
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
  })
  const request = document.paths['/v1/claims']?.post?.requestBody?.content['application/json']?.schema
  expect(request).toMatchObject({ required: ['thingName'], additionalProperties: false })
  expect(document.components.schemas.Upload).not.toHaveProperty('additionalProperties')
  expect(document.components.schemas.Upload).toMatchObject({ required: ['event', 'key', 'eventTime', 'loggedAt'] })
})
