import { faultStatus } from '#contract/fault-codes.ts'
import type { JsonSchema, OpenApiDocument, OpenApiOperation } from '#contract/open-api.ts'

/** The API's reference as Markdown, out of its own description. */
export function formatApiDocs(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))].sort()
  const parts = Object.entries(document.components.schemas).map(
    ([name, schema]) => `### ${name}\n\n${formatMembers(schema)}`,
  )
  return [
    '# The HTTP API',
    'Made from the code by `node build/write-api-docs.ts`. The API gives the same as OpenAPI 3.1 under `/v1/openapi.json`.',
    introduction,
    ...tags.map((tag) =>
      [
        `## ${capitalize(tag)}`,
        ...operations.filter(({ operation }) => operation.tags.includes(tag)).map(formatOperation),
      ].join('\n\n'),
    ),
    '## Shared shapes',
    ...parts,
    '## Codes',
    'A caller switches on `code`. `hint` says what to do, and `requestId` finds the call in the logs.',
    [
      '| code | status |',
      '|---|---|',
      ...Object.entries(faultStatus).map(([code, status]) => `| ${code} | ${status} |`),
    ].join('\n'),
  ]
    .join('\n\n')
    .concat('\n')
}

const introduction = `The stack's output \`ApiUrl\` says where it is. Requests are signed with AWS Signature Version 4 for the service \`execute-api\`, of an
operator whom IAM lets call the route or, where it says so, of a device with the credentials of its certificate. The
libraries and both commands do that by themselves; so does curl:

\`\`\`sh
curl --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" "$API_URL/v1/uploads?limit=10&thing=press-1"
\`\`\`

Bodies are JSON. Times are ISO 8601, with an offset in requests and in UTC in answers. Members that a request does not know are
refused; an answer may get new ones. Lists come in pages: give the \`cursor\` of a page as it came, with the same filters. A refusal is
\`application/problem+json\` ([Problem](#problem)).`

function formatOperation({
  method,
  path,
  operation,
}: {
  method: string
  path: string
  operation: OpenApiOperation
}): string {
  const { summary, description, parameters, requestBody, responses, security } = operation
  const body = requestBody?.content['application/json']?.schema
  return [
    `### ${summary}`,
    `\`${method} ${path}\`${formatCaller(security)}`,
    ...(description === undefined ? [] : [description]),
    ...(parameters.length === 0 ? [] : [formatParameters(operation)]),
    ...(body === undefined ? [] : ['Body:', formatMembers(body)]),
    ...Object.entries(responses).flatMap(([status, { content }]) => formatAnswer(status, content)),
  ].join('\n\n')
}

function formatCaller(security: OpenApiOperation['security']): string {
  if (security.length === 0) return ' · without a signature: the claim in the body is the proof'
  return security.some((scheme) => 'device' in scheme) ? ' · for the device itself' : ''
}

function formatParameters({ parameters }: OpenApiOperation): string {
  const rows = parameters.map(
    ({ name, in: place, required, description = '', schema }) =>
      `| \`${name}\` | ${place} | ${formatType(schema)}${required ? '' : formatDefault(schema)} | ${escapeCell(description)} |`,
  )
  return ['| parameter | in | type | |', '|---|---|---|---|', ...rows].join('\n')
}

function formatAnswer(status: string, content: OpenApiOperation['responses'][string]['content']): string[] {
  const schema = content?.['application/json']?.schema
  if (status === 'default') return []
  if (schema === undefined) return [`Answers ${status} without a body.`]
  if (typeof schema.$ref === 'string') return [`Answers ${status}: ${formatType(schema)}.`]
  return schema.properties === undefined ? [`Answers ${status}.`] : [`Answers ${status}:`, formatMembers(schema)]
}

/** The members of an object; those of an object within it follow as `outer.inner`. */
function formatMembers(schema: JsonSchema): string {
  const rows = membersOf(schema).map(
    ({ name, isRequired, member }) =>
      `| \`${name}\` | ${formatType(member)}${isRequired ? '' : formatDefault(member)} | ${escapeCell(String(member.description ?? ''))} |`,
  )
  return rows.length === 0 ? 'An empty object.' : ['| member | type | |', '|---|---|---|', ...rows].join('\n')
}

interface Member {
  readonly name: string
  readonly isRequired: boolean
  readonly member: JsonSchema
}

function membersOf(schema: JsonSchema, outer = ''): Member[] {
  const required = (schema.required ?? []) as string[]
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([name, member]) => {
    const own = { name: `${outer}${name}`, isRequired: required.includes(name), member }
    const items = member.items as JsonSchema | undefined
    const inner = items?.properties ? membersOf(items, `${outer}${name}[].`) : membersOf(member, `${outer}${name}.`)
    return [own, ...inner]
  })
}

function formatType(schema: JsonSchema): string {
  const { $ref, type, enum: values, format, items, const: value, minimum, maximum, additionalProperties } = schema
  if (typeof $ref === 'string') {
    const name = $ref.split('/').at(-1) ?? ''
    return `[${name}](#${name.toLowerCase()})`
  }
  if (Array.isArray(values)) return values.map((one) => `\`${one}\``).join(' ')
  if (value !== undefined) return `\`${value}\``
  if (type === 'array') return `array of ${formatType((items ?? {}) as JsonSchema)}`
  if (type === 'object' && typeof additionalProperties === 'object') return 'object of strings'
  const kind = format === undefined ? String(type ?? 'anything') : String(format)
  if (type !== 'integer') return kind
  if (minimum === undefined && maximum === undefined) return kind
  return `${kind}, ${minimum ?? '…'} to ${maximum ?? '…'}`
}

function formatDefault({ default: value }: JsonSchema): string {
  return value === undefined ? ', optional' : `, \`${JSON.stringify(value)}\` when not given`
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|')
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
