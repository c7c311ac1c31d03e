import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export const account = '123456789012'
export const region = 'ap-northeast-1'

/** The article's three JSON files, by name. */
export const documents = {
  'trustpolicyforiot.json': {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'credentials.iot.amazonaws.com' },
      Action: 'sts:AssumeRole',
    },
  },
  'accesspolicyfors3.json': {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'ListObjectsInBucket',
        Effect: 'Allow',
        Action: ['s3:ListBucket'],
        Resource: ['arn:aws:s3:::envdatamyroom-bucket'],
      },
      {
        Sid: 'AllObjectActions',
        Effect: 'Allow',
        Action: 's3:*Object',
        Resource: ['arn:aws:s3:::envdatamyroom-bucket/*'],
      },
    ],
  },
  'MyNameEnvDataMyRoompolicy.json': {
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Action: 'iot:AssumeRoleWithCertificate',
      Resource: `arn:aws:iot:${region}:${account}:rolealias/EnvDataMyRoom-s3-access-role-alias`,
      Condition: {
        StringEquals: {
          'iot:Connection.Thing.Attributes[Owner]': 'MyName',
          'iot:Connection.Thing.ThingTypeName': 'EnvDataMyRoom',
        },
        Bool: { 'iot:Connection.Thing.IsAttached': 'true' },
      },
    },
  },
} as const

const conditionalPolicy = documents['MyNameEnvDataMyRoompolicy.json']
export type StringCondition = keyof typeof conditionalPolicy.Statement.Condition.StringEquals

/** The article's IoT policy without one of its conditions. */
export function policyWithout(key: StringCondition): object {
  const { Statement, Version } = conditionalPolicy
  const { [key]: _, ...StringEquals } = Statement.Condition.StringEquals
  return { Version, Statement: { ...Statement, Condition: { ...Statement.Condition, StringEquals } } }
}

/** The article's commands as our walk-through shows them, with what a person copies into them. */
export async function readShownCommands(noted: { readonly certificateArn: string; readonly endpointAddress: string }) {
  const text = await readFile(join(import.meta.dirname, '../docs/from-the-article.md'), 'utf8')
  return [...text.matchAll(/^```sh the article's commands\n(.*?)^```/gms)].flatMap(([, block = '']) =>
    block
      .trimEnd()
      .replaceAll('<your_aws_account_id>', account)
      .replaceAll('<certificate-arn>', noted.certificateArn)
      .replaceAll('<your_endpoint_address>', noted.endpointAddress)
      .split(/(?<!\\)\n/),
  )
}
