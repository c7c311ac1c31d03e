import { absent, failed, testStep } from './test-facts.ts'

const { holds, isUnknown, waits } = testStep('upload')

holds('an upload', {}, /came at 2026-05-01T09:00:00.000Z, 3 hours ago/)
waits('no upload', { thing: { upload: absent } }, /^no file came yet$/)
isUnknown('an upload of a device that is stopped', { status: 'INACTIVE' }, /3 hours ago/)
isUnknown('an upload that the log does not tell of', { thing: { upload: failed } }, /ThrottlingException/)
