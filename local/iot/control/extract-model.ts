// Writes routes.json and inputs.json from AWS's model of the IoT API as botocore (Apache-2.0) ships it:
//   node local/iot/control/extract-model.ts …/botocore/data/iot/2015-05-28/service-2.json.gz
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { RestRoute, RestType } from '#local/gateway/rest-routes.ts'
import type { InputModel, InputShape } from './check-input.ts'
import { operationResources } from './operation-resources.ts'

interface ModelMember {
  readonly shape: string
  readonly location?: 'uri' | 'querystring' | 'header'
  readonly locationName?: string
}

interface ModelShape extends Omit<InputShape, 'members' | 'member' | 'key' | 'value'> {
  readonly members?: Readonly<Record<string, ModelMember>>
  readonly member?: ModelMember
  readonly key?: ModelMember
  readonly value?: ModelMember
  readonly payload?: string
}

interface Model {
  readonly operations: Readonly<
    Record<string, { http: { method: string; requestUri: string; responseCode?: number }; input?: { shape: string } }>
  >
  readonly shapes: Readonly<Record<string, ModelShape>>
}

const [file = ''] = process.argv.slice(2)
const { operations, shapes } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Model

function shapeOf(name: string): ModelShape {
  const shape = shapes[name]
  if (!shape) throw new Error(`the model has no shape ${name}`)
  return shape
}

function toRoute(operation: string): RestRoute {
  const { http, input } = operations[operation] ?? {}
  if (!http) throw new Error(`the model has no operation ${operation}`)
  let path = http.requestUri
  const query: Record<string, RestType | { member: string; type: RestType }> = {}
  const headers: Record<string, string> = {}
  const { members = {}, payload } = input ? shapeOf(input.shape) : {}
  for (const [member, { shape, location, locationName: name = member }] of Object.entries(members)) {
    const type = toRestType(shapeOf(shape).type)
    if (location === 'uri') path = path.replace(`{${name}`, `{${member}`)
    if (location === 'querystring') query[name] = name === member ? type : { member, type }
    if (location === 'header') headers[name] = member
  }
  return {
    operation,
    method: http.method,
    path,
    ...(Object.keys(query).length > 0 && { query }),
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(payload !== undefined && { payload }),
    ...(http.responseCode !== undefined && http.responseCode !== 200 && { status: http.responseCode }),
  }
}

function toRestType(type: string): RestType {
  switch (type) {
    case 'boolean':
    case 'timestamp':
    case 'list':
      return type
    case 'integer':
    case 'long':
      return 'integer'
    default:
      return 'string'
  }
}

function collectInputs(): InputModel {
  const collected: Record<string, InputShape> = {}
  function collect({ shape: name }: ModelMember): string {
    if (collected[name]) return name
    const { type, required, members, member, key, value, min, max, pattern, enum: values } = shapeOf(name)
    collected[name] = { type }
    collected[name] = {
      type,
      ...(required && { required }),
      ...(members && {
        members: Object.fromEntries(Object.entries(members).map(([to, reference]) => [to, collect(reference)])),
      }),
      ...(member && { member: collect(member) }),
      ...(key && { key: collect(key) }),
      ...(value && { value: collect(value) }),
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      ...(pattern !== undefined && { pattern }),
      ...(values && { enum: values }),
    }
    return name
  }
  const inputs = Object.keys(operationResources).flatMap((operation) => {
    const { input } = operations[operation] ?? {}
    return input ? [[operation, collect(input)] as const] : []
  })
  return { operations: Object.fromEntries(inputs), shapes: collected }
}

const write = (name: string, data: unknown) =>
  writeFileSync(join(import.meta.dirname, name), `${JSON.stringify(data)}\n`)
write('routes.json', Object.keys(operations).sort().map(toRoute))
write('inputs.json', collectInputs())
