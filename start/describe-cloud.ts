import { join, relative } from 'node:path'
import type { Cloud } from '#local/cloud.ts'

/** AWS's own variables: with them the AWS CLI, the SDKs and thingdrop speak to the embedded cloud as its operator. */
export function operatorEnvironment(cloud: Cloud): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: cloud.endpoints.gateway,
    AWS_REGION: cloud.region,
    AWS_DEFAULT_REGION: cloud.region,
    AWS_ACCESS_KEY_ID: cloud.operatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: cloud.operatorCredentials.secretAccessKey,
  }
}

/** Where everything is, and three commands to try. The file holds the operator's environment, so no secret is printed. */
export function describeCloud({ endpoints, caFile }: Cloud, environmentFile: string, stateDir: string): string {
  const here = (file: string) => relative(process.cwd(), file)
  const device = here(join(stateDir, 'devices', 'press-1'))
  return `
The cloud stays up until Ctrl-C:
  every AWS API         ${endpoints.gateway}
  HTTP API              ${endpoints.api}
  MQTT, mutual TLS      ${endpoints.mqtt}
  credentials, mTLS     ${endpoints.credentials}
  its state and logs    ${here(stateDir)}/

Try, in another terminal:
  . ${here(environmentFile)} && npx thingdrop things list
  . ${here(environmentFile)} && aws s3 ls --recursive s3://$(aws cloudformation describe-stacks --stack-name Thingdrop \\
      --query "Stacks[0].Outputs[?OutputKey=='BucketName'].OutputValue" --output text)
  curl --cert ${device}/device.pem --key ${device}/device.key --cacert ${here(caFile)} \\
      -H x-amzn-iot-thingname:press-1 ${endpoints.credentials}/role-aliases/Thingdrop-uploads/credentials
`
}
