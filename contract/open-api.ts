import { z } from 'zod'
import { certificateIdSchema, thingNameSchema } from './api-fields.ts'
import { caCertificateSchema, certificateSchema, createCertificateResponseSchema } from './certificates-api.ts'
import { claimSchema } from './claims-api.ts'
import { type Operation, operations } from './operations.ts'
import { problemSchema } from './problem.ts'
import { type RouteName, routes } from './routes.ts'
import { uploadStatSchema } from './stats-api.ts'
import { thingSchema } from './things-api.ts'
import { differenceSchema, uploadSchema } from './upload-log-api.ts'
import { createUploadResponseSchema, settleUploadResponseSchema, uploadIdSchema } from './uploads-api.ts'

/** A JSON Schema of the 2020 draft, as OpenAPI 3.1 takes it. */
export interface JsonSchema {
  readonly [member: string]: unknown
}

export interface OpenApiOperation {
  readonly operationId: RouteName
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters: readonly OpenApiParameter[]
  readonly requestBody?: { readonly required: true; readonly content: Content }
  readonly responses: Readonly<Record<string, OpenApiResponse>>
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
}

interface OpenApiParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
}

interface OpenApiResponse {
  readonly description: string
  readonly content?: Content
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

export interface OpenApiDocument {
  readonly openapi: '3.1.1'
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>>; readonly securitySchemes: JsonSchema }
}

/** What more than one answer holds. */
const answerParts = {
  CaCertificate: caCertificateSchema,
  Certificate: certificateSchema,
  IssuedCertificate: createCertificateResponseSchema,
  Claim: claimSchema,
  Thing: thingSchema,
  Upload: uploadSchema,
  UploadDifference: differenceSchema,
  UploadStat: uploadStatSchema,
  IssuedUpload: createUploadResponseSchema,
  SettledUpload: settleUploadResponseSchema,
  Problem: problemSchema,
}

const pathParameters: Readonly<Record<string, z.ZodType>> = {
  thing: thingNameSchema,
  certificateId: certificateIdSchema,
  caCertificateId: certificateIdSchema,
  claimId: z.string().regex(/^[0-9a-f]{16}$/),
  uploadId: uploadIdSchema,
  subject: z.string().min(1).describe('A thing’s name or a certificate’s id'),
}

/** The whole API as an OpenAPI 3.1 document, made of the schemas that the functions parse requests with. */
export function describeApi(): OpenApiDocument {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const [name, { method, path }] of Object.entries(routes)) {
    paths[path] = { ...paths[path], [method.toLowerCase()]: describeOperation(name as RouteName) }
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'thingdrop',
      version: 'v1',
      description:
        'Device fleets put files in S3. Requests are signed with AWS Signature Version 4 for the service `execute-api`. Answers may get more members: let those be that you do not know.',
    },
    paths,
    components: {
      schemas: describeParts(),
      securitySchemes: {
        operator: describeSignature('Of an operator whom IAM lets call the route.'),
        device: describeSignature(
          'With the credentials that AWS IoT gives a device for its certificate; below its own thing.',
        ),
      },
    },
  }
}

function describeSignature(whose: string) {
  return { type: 'apiKey', in: 'header', name: 'authorization', description: `AWS Signature Version 4. ${whose}` }
}

function describeOperation(name: RouteName): OpenApiOperation {
  const { path, authorization } = routes[name]
  const { about, summary, description, query, headers = {}, body, answers } = operations[name]
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) =>
    describeParameter(parameter, 'path', pathParameters[parameter] ?? z.string()),
  )
  const inQuery = Object.entries(query?.shape ?? {}).map(([parameter, schema]) =>
    describeParameter(parameter, 'query', schema as z.ZodType),
  )
  const inHeaders = Object.entries(headers).map(([header, schema]) =>
    describeParameter(header, 'header', schema.optional()),
  )
  return {
    operationId: name,
    tags: [about],
    summary,
    ...(description !== undefined && { description }),
    parameters: [...inPath, ...inQuery, ...inHeaders],
    ...(body && {
      requestBody: { required: true, content: { 'application/json': { schema: toJsonSchema(body, 'input') } } },
    }),
    responses: describeAnswers(answers),
    security: authorization === 'claim' ? [] : [{ [authorization]: [] }],
  }
}

/** A parameter that is text on its way and becomes a number is described as the number. */
function describeParameter(name: string, place: OpenApiParameter['in'], schema: z.ZodType): OpenApiParameter {
  const { description, ...described } = toJsonSchema(schema, 'output')
  const required = !schema.safeParse(undefined).success
  return { name, in: place, required, ...(description ? { description: String(description) } : {}), schema: described }
}

function describeAnswers(answers: Operation['answers']): Record<string, OpenApiResponse> {
  const described = Object.entries(answers).map(([status, answer]): [string, OpenApiResponse] => {
    if (answer === 'nothing') return [status, { description: 'As before' }]
    const schema = answer === 'anything' ? { type: 'object' } : toAnswerSchema(answer)
    return [status, { description: 'Done', content: { 'application/json': { schema } } }]
  })
  const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return {
    ...Object.fromEntries(described),
    default: { description: 'Refused, or failed: RFC 9457, with a code to switch on', content: problem },
  }
}

function describeParts(): Record<string, JsonSchema> {
  const entries = Object.entries(answerParts).map(([name, schema]): [string, JsonSchema] => [
    name,
    toAnswerSchema(schema, name),
  ])
  return Object.fromEntries(entries)
}

/** An answer with what it shares with others named. `self`: the part that is described here. */
function toAnswerSchema(schema: z.ZodType, self?: string): JsonSchema {
  const whole = Object.entries(answerParts).find(([name, part]) => part === schema && name !== self)
  return whole ? refTo(whole[0]) : toJsonSchema(schema, 'output', self)
}

function refTo(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` }
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', self?: string): JsonSchema {
  const { $schema: _, ...described } = z.toJSONSchema(schema, {
    io,
    override: ({ zodSchema, jsonSchema }) => {
      const part = Object.entries(answerParts).find(([, candidate]) => candidate === (zodSchema as unknown))?.[0]
      if (io === 'output' && part !== undefined && part !== self) {
        for (const member of Object.keys(jsonSchema)) delete jsonSchema[member]
        jsonSchema.$ref = `#/components/schemas/${part}`
        return
      }
      // What the format says already, and what every integer of JSON is held to.
      if (jsonSchema.format !== undefined) delete jsonSchema.pattern
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      // Answers may get more members.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties
    },
  })
  return described
}
