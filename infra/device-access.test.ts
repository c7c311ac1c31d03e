import { App, Stack } from 'aws-cdk-lib'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { expect, test } from 'vitest'
import { DeviceAccess } from './device-access.ts'
import { settingsSchema } from './settings.ts'

/** What the role of devices may do in S3 with these settings. */
function actionsOf(devices: object): string[] {
  const stack = new Stack(new App(), 'Thingdrop')
  const bucket = new Bucket(stack, 'bucket')
  new DeviceAccess(stack, 'devices', { bucket, settings: settingsSchema.parse({ devices }) })
  const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy', {
    Properties: { PolicyDocument: { Statement: Match.anyValue() } },
  })
  const statements = Object.values(policies).flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
  return statements.flatMap(({ Action }) => Action).filter((action: string) => action.startsWith('s3:'))
}

test('a device writes to S3 unless the settings say otherwise, and tags only if they say so', () => {
  const write = ['s3:PutObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts']
  expect(actionsOf({})).toEqual(write)
  expect(actionsOf({ tagObjects: true })).toEqual([...write, 's3:PutObjectTagging'])
  expect(actionsOf({ writeToS3: false, tagObjects: true })).toEqual([])
})
