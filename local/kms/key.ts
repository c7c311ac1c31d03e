import type { PolicyDocument } from '#local/service.ts'

/** A key pair as it is stored; times are milliseconds since the epoch. */
export interface Key {
  readonly id: string
  readonly arn: string
  /** PKCS #8 as base64; leaves the store only to sign. */
  readonly privateKey: string
  /** SubjectPublicKeyInfo as base64. */
  readonly publicKey: string
  readonly description: string
  readonly enabled: boolean
  readonly policy: string
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: number
  /** Set while the key waits for its deletion. */
  readonly deletedAt?: number
}

export interface Alias {
  /** `alias/…` */
  readonly name: string
  readonly arn: string
  readonly keyId: string
  readonly createdAt: number
  readonly updatedAt: number
}

/** The one kind of key that there is. */
export const keySpec = 'ECC_NIST_P256'
export const signingAlgorithm = 'ECDSA_SHA_256'

export function readKeyPolicy({ policy }: Key): PolicyDocument {
  return JSON.parse(policy) as PolicyDocument
}

/** KeyMetadata of the API. */
export function describeKey(key: Key, accountId: string) {
  return {
    AWSAccountId: accountId,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdAt),
    Enabled: key.enabled && key.deletedAt === undefined,
    Description: key.description,
    KeyUsage: 'SIGN_VERIFY',
    KeyState: key.deletedAt !== undefined ? 'PendingDeletion' : key.enabled ? 'Enabled' : 'Disabled',
    ...(key.deletedAt !== undefined && { DeletionDate: new Date(key.deletedAt) }),
    Origin: 'AWS_KMS',
    KeyManager: 'CUSTOMER',
    CustomerMasterKeySpec: keySpec,
    KeySpec: keySpec,
    SigningAlgorithms: [signingAlgorithm],
    MultiRegion: false,
  }
}
