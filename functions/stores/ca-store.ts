import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import type { CaCertificate } from '#contract/certificates-api.ts'
import { isTaken } from './conditional-write.ts'
import { listingOf, readListing } from './listing.ts'
import { updateItem } from './update-item.ts'

/** A CA certificate that is registered with AWS IoT. */
export interface CaEntry extends Omit<CaCertificate, 'state'> {
  readonly certificatePem: string
  /** The key in KMS, for a fleet CA. */
  readonly keyId?: string
  readonly retiredAt?: string
}

/** The fleet CA that new certificates come from. */
export interface SigningCa {
  readonly caCertificateId: string
  readonly keyId: string
  readonly certificatePem: string
  /** When it took another's place; ISO time. */
  readonly rotatedAt?: string
}

/** Keys for CAs that take another's place. */
interface RotationKeys {
  readonly create: (replacedId: string) => Promise<string>
  readonly find: (replacedId: string) => Promise<string | undefined>
}

const signingKey = { pk: 'signing-ca' }

/** The CA certificates, in the ledger's table beside what they signed. */
export function createCaStore(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (caCertificateId: string) => `ca-certificate#${caCertificateId}`

  async function read<Item>(key: { pk: string }): Promise<Item | undefined> {
    const { Item } = await tables.send(new GetCommand({ TableName: tableName, Key: key, ConsistentRead: true }))
    return Item as Item | undefined
  }

  /** Writes an item unless one is there, and gives the one that is there then: the first to write wins. */
  async function keepFirst<Item extends { pk: string }>(item: Item): Promise<Item> {
    const isFirst = await isTaken(
      tables.send(
        new PutCommand({ TableName: tableName, Item: item, ConditionExpression: 'attribute_not_exists(pk)' }),
      ),
    )
    return isFirst ? item : ((await read<Item>({ pk: item.pk })) ?? item)
  }

  return {
    /**
     * The CA certificate (PEM) of a KMS key, made at most once: the first to write wins, and everyone gets the winner's.
     * ECDSA signatures differ from run to run, so a certificate that is made again would be another CA.
     */
    async keepCertificate(kmsKeyId: string, create: () => Promise<string>): Promise<string> {
      const pk = `ca#${kmsKeyId}`
      const kept = await read<{ certificatePem: string }>({ pk })
      if (kept) return kept.certificatePem
      return (await keepFirst({ pk, certificatePem: await create() })).certificatePem
    },

    /** Adds a CA; one that is there already stays as it is, but for being in use again. */
    async add(entry: CaEntry): Promise<void> {
      const { caCertificateId, createdAt, ...members } = entry
      const place = listingOf('ca-certificate', caCertificateId, `${createdAt}#${caCertificateId}`)
      const added = await updateItem(tables, tableName, keyOf(caCertificateId), {
        set: { ...members, caCertificateId, createdAt, ...place },
        condition: 'attribute_not_exists(pk)',
      })
      if (added) return
      await updateItem(tables, tableName, keyOf(caCertificateId), { set: { caCertificateId }, remove: ['retiredAt'] })
    },

    find: (caCertificateId: string) => read<CaEntry>({ pk: keyOf(caCertificateId) }),

    /** All of them, oldest first: AWS IoT lets an account have ten of one subject, and few have more than a handful. */
    async list(): Promise<CaEntry[]> {
      const { items } = await readListing<CaEntry & { listed: string }>(tables, tableName, {
        kind: 'ca-certificate',
        limit: 1000,
      })
      return items
    },

    retire: (caCertificateId: string, now: Date): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(caCertificateId), {
        set: { retiredAt: now.toISOString() },
        condition: 'attribute_exists(pk)',
      }),

    /** Throws when no CA signs yet: the stack's own resource makes the first. */
    async getSigning(): Promise<SigningCa> {
      const signing = await read<SigningCa>(signingKey)
      if (signing) return signing
      throw new Error('the ledger names no CA that signs: the fleet-ca resource of the stack makes one')
    },

    /** Makes a CA the one that signs, unless there is one. */
    async beginSigning(ca: SigningCa): Promise<void> {
      await keepFirst({ ...signingKey, ...ca })
    },

    /** Makes a CA the one that signs in place of another. False when that one does not sign any more. */
    replaceSigning: (next: SigningCa, previousId: string): Promise<boolean> =>
      updateItem(tables, tableName, signingKey.pk, {
        set: { ...next },
        condition: 'caCertificateId = :previous',
        values: { ':previous': previousId },
      }),

    /**
     * The key of the CA that takes another's place, made once: a run that died goes on with it. The rotation is noted
     * before there is a key, so that one whose id was lost with its run is looked for.
     */
    async keepRotationKey(replacedId: string, keys: RotationKeys): Promise<string> {
      const pk = `ca-rotation#${replacedId}`
      const kept = await read<{ keyId?: string }>({ pk })
      if (kept?.keyId !== undefined) return kept.keyId
      const found = kept === undefined ? undefined : await keys.find(replacedId)
      if (kept === undefined) await keepFirst({ pk })
      const keyId = found ?? (await keys.create(replacedId))
      const isKept = await updateItem(tables, tableName, pk, {
        set: { keyId },
        condition: 'attribute_not_exists(keyId)',
      })
      return isKept ? keyId : ((await read<{ keyId?: string }>({ pk }))?.keyId ?? keyId)
    },
  }
}

export type CaStore = ReturnType<typeof createCaStore>
