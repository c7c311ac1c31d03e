import { join, relative } from 'node:path'
import type { Cloud } from '#local/cloud.ts'
import { environmentFileIn } from './environment-file.ts'

/** Where everything is; no secret. */
export function describeCloud({ accountId, region, endpoints, caFile }: Cloud, stateDir: string): string {
  return `The cloud stays up until Ctrl-C:
  account and region    ${accountId}, ${region}
  every AWS API         ${endpoints.gateway}
  HTTP API              ${endpoints.api}
  MQTT, mutual TLS      ${endpoints.mqtt}
  credentials, mTLS     ${endpoints.credentials}
  CA of the last two    ${here(caFile)}
  its state and logs    ${here(stateDir)}/`
}

/** Three commands that the story makes possible. The environment is in a file, so that no secret is printed. */
export function suggestCommands({ endpoints, caFile }: Cloud, stateDir: string): string {
  const environment = here(environmentFileIn(stateDir))
  const device = here(join(stateDir, 'devices', 'press-1'))
  return `Try, in another terminal:
  . ${environment} && npx thingdrop things list
  . ${environment} && aws s3 ls --recursive s3://$(aws cloudformation describe-stacks --stack-name Thingdrop \\
      --query "Stacks[0].Outputs[?OutputKey=='BucketName'].OutputValue" --output text)
  curl --cert ${device}/device.pem --key ${device}/device.key --cacert ${here(caFile)} \\
      -H x-amzn-iot-thingname:press-1 ${endpoints.credentials}/role-aliases/Thingdrop-uploads/credentials
`
}

/** A path as one would type it here. */
export function here(path: string): string {
  const typed = relative(process.cwd(), path) || '.'
  return typed.startsWith('..') ? path : typed
}
