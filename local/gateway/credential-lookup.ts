import type { Caller } from '#local/service.ts'

/** What stands behind an access key id: the secret that signs, and who signs with it. */
export interface Credential {
  readonly secretAccessKey: string
  readonly caller: Caller
}

/** The access keys and sessions that IAM knows. */
export interface CredentialLookup {
  /**
   * Throws an AwsError: `InvalidClientTokenId` (unknown key, or a session token that doesn't belong to it) or
   * `ExpiredToken`. The gateway rewords it as the called service does (`InvalidAccessKeyId`, `UnrecognizedClientException`).
   */
  find(accessKeyId: string, sessionToken: string | undefined): Credential
}
