import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { isTaken } from './conditional-write.ts'

/** What the backend knows of one certificate that it vended. */
export interface CertificateEntry {
  /** Lower-case hex SHA-256 of the DER. */
  readonly certificateId: string
  readonly thingName: string
  readonly attributes: Readonly<Record<string, string>>
  readonly state: 'vended' | 'active' | 'quarantined'
  readonly claimId: string
  /** ISO times. */
  readonly notAfter: string
  /** When it was last activated: a registration event from before that is an echo. */
  readonly activatedAt?: string
}

/**
 * The ledger of certificates. Each step is one conditional write on one item, so a handler that dies between two steps
 * is mended by running again.
 */
export function createCertificateLedger(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (certificateId: string) => ({ pk: `certificate#${certificateId}` })

  /** Sets members of an entry, which comes to be if it is not there. */
  async function set(certificateId: string, members: Readonly<Record<string, string>>): Promise<void> {
    const names = Object.keys(members)
    await tables.send(
      new UpdateCommand({
        TableName: tableName,
        Key: keyOf(certificateId),
        UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: Object.fromEntries(names.map((name) => [`:${name}`, members[name]])),
      }),
    )
  }

  return {
    /** The entry, or undefined for a certificate that the ledger does not know, or knows only as quarantined. */
    async find(certificateId: string): Promise<CertificateEntry | undefined> {
      const { Item } = await tables.send(
        new GetCommand({ TableName: tableName, Key: keyOf(certificateId), ConsistentRead: true }),
      )
      return Item?.thingName === undefined ? undefined : (Item as CertificateEntry)
    },

    /** Adds a vended certificate. One that is there already may have come further, and stays as it is. */
    async add(entry: CertificateEntry): Promise<void> {
      await isTaken(
        tables.send(
          new PutCommand({
            TableName: tableName,
            Item: { ...keyOf(entry.certificateId), ...entry },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      )
    },

    markActive: (certificateId: string, now: Date) =>
      set(certificateId, { state: 'active', activatedAt: now.toISOString() }),

    /** Keeps why a certificate may not register; it may be one that the ledger did not know. */
    markQuarantined: (certificateId: string, reason: string, now: Date) =>
      set(certificateId, { state: 'quarantined', certificateId, reason, quarantinedAt: now.toISOString() }),
  }
}

export type CertificateLedger = ReturnType<typeof createCertificateLedger>
