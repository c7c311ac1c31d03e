import {
  CreateKeyCommand,
  type KMSClient,
  KMSServiceException,
  ListKeysCommand,
  ListResourceTagsCommand,
} from '@aws-sdk/client-kms'

interface KeyTag {
  readonly name: string
  readonly value: string
}

/** Names the CA in whose place the key's CA is put. */
const replacesTag = 'thingdrop:replaces-ca'

/** The keys in KMS for fleet CAs that take another's place. `keyTag` marks what is this stack's. */
export function createCaKeys(kms: KMSClient, keyTag: KeyTag) {
  async function replaces(KeyId: string, caCertificateId: string): Promise<boolean> {
    try {
      const { Tags = [] } = await kms.send(new ListResourceTagsCommand({ KeyId }))
      return Tags.some(({ TagKey, TagValue }) => TagKey === replacesTag && TagValue === caCertificateId)
    } catch (error) {
      // Most keys of an account are not this stack's, whose functions may not look at them.
      if (error instanceof KMSServiceException && error.name === 'AccessDeniedException') return false
      throw error
    }
  }

  return {
    async create(replacedCaId: string): Promise<string> {
      const { KeyMetadata } = await kms.send(
        new CreateKeyCommand({
          Description: 'thingdrop: signs device certificates',
          KeySpec: 'ECC_NIST_P256',
          KeyUsage: 'SIGN_VERIFY',
          Tags: [
            { TagKey: keyTag.name, TagValue: keyTag.value },
            { TagKey: replacesTag, TagValue: replacedCaId },
          ],
        }),
      )
      if (!KeyMetadata?.KeyId) throw new Error('KMS answered without a key')
      return KeyMetadata.KeyId
    },

    /** The key that was made to replace a CA. Asks KMS about each key of the account: for a run that died, and no other. */
    async find(replacedCaId: string): Promise<string | undefined> {
      let Marker: string | undefined
      do {
        const { Keys = [], NextMarker } = await kms.send(new ListKeysCommand({ Marker }))
        for (const { KeyId = '' } of Keys) if (await replaces(KeyId, replacedCaId)) return KeyId
        Marker = NextMarker
      } while (Marker !== undefined)
      return undefined
    },
  }
}

export type CaKeys = ReturnType<typeof createCaKeys>
