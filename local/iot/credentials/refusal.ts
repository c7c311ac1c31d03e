/** Why the credentials provider gives nothing, with the status and the words that AWS uses. */
export type Refusal =
  | 'invalid-certificate'
  | 'invalid-thing'
  | 'access-denied'
  | 'unknown-alias'
  | 'role-not-assumable'
  | 'duration-too-long'
  | 'unknown-path'
  | 'wrong-method'

// The types, and the last two answers, are local choices: AWS does not document them.
export const refusals: Readonly<Record<Refusal, { status: number; type: string; message: string }>> = {
  'invalid-certificate': {
    status: 403,
    type: 'AccessDeniedException',
    message: 'Certificate is invalid on this endpoint',
  },
  'invalid-thing': { status: 403, type: 'AccessDeniedException', message: 'Invalid thing name passed' },
  'access-denied': { status: 403, type: 'AccessDeniedException', message: 'Access Denied' },
  'unknown-alias': { status: 404, type: 'ResourceNotFoundException', message: 'Role alias does not exist' },
  'role-not-assumable': {
    status: 400,
    type: 'InvalidRequestException',
    message: 'Unable to assume the role, or the role to assume does not exist',
  },
  'duration-too-long': {
    status: 400,
    type: 'InvalidRequestException',
    message: 'The requested CredentialDurationSeconds exceeds the MaxSessionDuration set for the role',
  },
  'unknown-path': { status: 404, type: 'ResourceNotFoundException', message: 'Not Found' },
  'wrong-method': { status: 405, type: 'MethodNotAllowedException', message: 'Method Not Allowed' },
}
