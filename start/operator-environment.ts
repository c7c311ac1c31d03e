import type { Cloud } from '#local/cloud.ts'

/** AWS's own variables: with them the AWS CLI, the SDKs and thingdrop speak to the embedded cloud as its operator. */
export function operatorEnvironment({ endpoints, region, operatorCredentials }: Cloud) {
  return {
    AWS_ENDPOINT_URL: endpoints.gateway,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: operatorCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operatorCredentials.secretAccessKey,
  }
}
