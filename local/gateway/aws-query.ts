import { AwsError, type HttpResponse, type HttpService, notImplemented, type Operations } from '#local/service.ts'
import { decodeQueryInput, type QueryTypes } from './query-input.ts'
import { readBody } from './read-body.ts'
import { encodeXmlMember, escapeXml } from './xml.ts'

export interface AwsQueryOptions {
  readonly operations: Operations
  /** `2010-05-08` for IAM. */
  readonly version: string
  /** The namespace of the answers: `https://iam.amazonaws.com/doc/2010-05-08/`. */
  readonly namespace: string
  readonly types?: QueryTypes
}

/**
 * The awsQuery protocol: `Action=…&Version=…` as a form or in the URL, answers in XML. An operation that returns
 * undefined has no result element; in outputs a Map is an AWS map and an object a structure.
 */
export function awsQuery({ operations, version, namespace, types }: AwsQueryOptions): HttpService {
  return {
    async handle(request, call) {
      const form = new URLSearchParams((await readBody(request)).toString())
      const parameters = form.has('Action') ? form : withoutSignature(request.query)
      const action = parameters.get('Action')
      if (!action) throw new AwsError('MissingAction', 'The request must contain the parameter Action')
      if (parameters.get('Version') !== version) {
        throw new AwsError(
          'InvalidAction',
          `Could not find operation ${action} for version ${parameters.get('Version')}`,
        )
      }
      if (!Object.hasOwn(operations, action)) throw notImplemented(action)
      const output = await operations[action]?.(decodeQueryInput(parameters, types), call)
      const result = output === undefined ? '' : encodeXmlMember(`${action}Result`, output)
      const metadata = encodeXmlMember('ResponseMetadata', { RequestId: call.requestId })
      const body = `<${action}Response xmlns="${escapeXml(namespace)}">${result}${metadata}</${action}Response>\n`
      return { status: 200, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': call.requestId }, body }
    },
    encodeError: (error, requestId) => encodeQueryError(error, requestId, namespace),
  }
}

/** `<ErrorResponse>` of the query protocol. */
export function encodeQueryError(error: AwsError, requestId: string, namespace: string): HttpResponse {
  const fault = { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message }
  const members = encodeXmlMember('Error', { ...fault, ...error.members }) + encodeXmlMember('RequestId', requestId)
  return {
    status: error.status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: `<ErrorResponse xmlns="${escapeXml(namespace)}">${members}</ErrorResponse>\n`,
  }
}

function withoutSignature(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...query].filter(([name]) => !name.startsWith('X-Amz-')))
}
