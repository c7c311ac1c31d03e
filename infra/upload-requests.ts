import { ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { CfnTopicRule } from 'aws-cdk-lib/aws-iot'
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { uploadTopics } from '#contract/topics.ts'

/** Upload URLs for devices that cannot sign: a message → rule → issue-upload, which answers with a message. */
export class UploadRequests extends Construct {
  constructor(scope: Construct, id: string, { issueUpload }: { readonly issueUpload: LambdaFunction }) {
    super(scope, id)
    const rule = new CfnTopicRule(this, 'rule', {
      topicRulePayload: {
        description: 'thingdrop: a device asks for an upload URL',
        awsIotSqlVersion: '2016-03-23',
        // The payload in one piece: with `SELECT *` a member of it could pass for the thing or the principal.
        sql: `SELECT encode(*, 'base64') AS payload, topic(3) AS thing, principal() AS principal FROM '${uploadTopics('+').create}'`,
        actions: [{ lambda: { functionArn: issueUpload.functionArn } }],
      },
    })
    issueUpload.addPermission('upload-requests', {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceArn: rule.attrArn,
    })
  }
}
