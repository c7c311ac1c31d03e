import { expect, test } from 'vitest'
import { bucketUrl } from './put-object.ts'
import { testConfiguration } from './testing/enrolled-device.ts'

test.each([
  [{}, 'https://files.s3.us-east-1.amazonaws.com'],
  [{ region: 'cn-north-1' }, 'https://files.s3.cn-north-1.amazonaws.com.cn'],
  [{ bucket: 'my.files' }, 'https://s3.us-east-1.amazonaws.com/my.files'],
  [{ s3Endpoint: 'http://127.0.0.1:4566/' }, 'http://127.0.0.1:4566/files'],
])('the bucket of %j is %s', (configuration, url) => {
  expect(bucketUrl({ ...testConfiguration, ...configuration })).toBe(url)
})
