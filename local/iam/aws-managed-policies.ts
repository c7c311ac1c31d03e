import type { PolicyRecord } from './records.ts'

/** The policies of AWS that the embedded cloud knows; every other ARN of AWS's is NoSuchEntity. */
export const awsManagedPolicies: ReadonlyMap<string, PolicyRecord> = new Map(
  [
    awsManagedPolicy('/', 'AdministratorAccess', 'ANPAIWMBCKSKIEE64ZLYK', '2015-02-06T18:39:46.000Z', '*'),
    awsManagedPolicy(
      '/service-role/',
      'AWSLambdaBasicExecutionRole',
      'ANPAJNCQGXC42545SKXIK',
      '2015-04-09T15:03:43.000Z',
      ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    ),
  ].map((policy) => [policy.arn, policy]),
)

function awsManagedPolicy(
  path: string,
  name: string,
  id: string,
  createDate: string,
  action: string | string[],
): PolicyRecord {
  const statement = { Effect: 'Allow', Action: action, Resource: '*' }
  return {
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    name,
    id,
    path,
    createDate,
    updateDate: createDate,
    tags: {},
    defaultVersionId: 'v1',
    lastVersion: 1,
    versions: [{ id: 'v1', document: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }), createDate }],
  }
}
