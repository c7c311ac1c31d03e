import { AwsError } from '#local/service.ts'

// Codes and statuses: the error shapes of AWS's IoT API model.
export const invalidRequest = (message: string) => new AwsError('InvalidRequestException', message)
export const notFound = (message: string) => new AwsError('ResourceNotFoundException', message, 404)
export const alreadyExists = (message: string, resourceId: string, resourceArn: string) =>
  new AwsError('ResourceAlreadyExistsException', message, 409, { members: { resourceId, resourceArn } })
export const deleteConflict = (message: string) => new AwsError('DeleteConflictException', message, 409)
export const versionConflict = (what: string) =>
  new AwsError('VersionConflictException', `The version for ${what} does not match the expected version.`, 409)
export const limitExceeded = (message: string) => new AwsError('LimitExceededException', message, 410)
export const malformedPolicy = (message: string) => new AwsError('MalformedPolicyException', message)
export const certificateState = (message: string, certificateId: string) =>
  new AwsError('CertificateStateException', `${message} Id: ${certificateId}`, 406)
export const certificateValidation = (message: string, cause?: unknown) =>
  new AwsError('CertificateValidationException', message, 400, { cause })
