const credentialsProvider = 'credentials.iot.amazonaws.com'

/** What lets AWS IoT's credentials provider give credentials of a role. */
export const devicesTrust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: credentialsProvider }, Action: 'sts:AssumeRole' }],
}

interface Statement {
  readonly Effect?: unknown
  readonly Action?: unknown
  readonly Principal?: unknown
}

/** The document of a policy in JSON, as IAM gives it percent-encoded and AWS IoT plain; undefined when it is no JSON. */
export function readDocument(text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text.startsWith('%') ? decodeURIComponent(text) : text)
  } catch {
    return undefined
  }
}

/** Whether some statement allows an action on something, whatever its conditions are. */
export function allowsAction(document: unknown, action: string): boolean {
  const [service] = action.split(':')
  return allowing(document).some(({ Action }) =>
    asList(Action).some((pattern) => pattern === action || pattern === `${service}:*` || pattern === '*'),
  )
}

export function trustsCredentialsProvider(document: unknown): boolean {
  return allowing(document).some(({ Action, Principal }) => {
    const services = isObject(Principal) ? asList(Principal.Service) : []
    return asList(Action).includes('sts:AssumeRole') && services.includes(credentialsProvider)
  })
}

function allowing(document: unknown): Statement[] {
  const statements = isObject(document) ? asList(document.Statement) : []
  return statements.filter((statement): statement is Statement => isObject(statement) && statement.Effect === 'Allow')
}

function asList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined ? [] : [value]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
