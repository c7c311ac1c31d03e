import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { isTaken } from './conditional-write.ts'

/** A certificate that a claim was spent on. */
export interface IssuedCertificate {
  readonly certificateId: string
  readonly certificatePem: string
  /** ISO time. */
  readonly notAfter: string
  /** Hex SHA-256 of the public key (SPKI): who asks again with this key gets this certificate again. */
  readonly publicKeyHash: string
}

export interface ClaimEntry {
  readonly claimId: string
  /** Hex SHA-256 of the secret: it has 256 bits of randomness, so it needs no salt and no slow hash. */
  readonly secretHash: string
  readonly thingName: string
  readonly attributes: Readonly<Record<string, string>>
  /** ISO times. */
  readonly createdAt: string
  readonly expiresAt: string
  readonly issued?: IssuedCertificate
}

/** A request that died holds its claim this long, in seconds; far above what signing takes, below what a person minds. */
const reservationSeconds = 30

/**
 * One-use claims, in the ledger's table. A claim is open, then reserved by one request for a moment, then spent: `spend`
 * is the commit, so a claim is never spent unless its certificate exists and can be given again.
 */
export function createClaimStore(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (claimId: string) => ({ pk: `claim#${claimId}` })

  return {
    /** Throws a ConditionalCheckFailedException when the id is taken: 64 random bits say that it is not. */
    async add(claim: ClaimEntry): Promise<void> {
      await tables.send(
        new PutCommand({
          TableName: tableName,
          Item: { ...keyOf(claim.claimId), ...claim },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      )
    },

    async find(claimId: string): Promise<ClaimEntry | undefined> {
      const { Item } = await tables.send(
        new GetCommand({ TableName: tableName, Key: keyOf(claimId), ConsistentRead: true }),
      )
      return Item as ClaimEntry | undefined
    },

    /** Reserves an unspent claim for one request. False when it is spent or another request has it. */
    reserve: (claimId: string, requestId: string, now: Date): Promise<boolean> =>
      isTaken(
        tables.send(
          new UpdateCommand({
            TableName: tableName,
            Key: keyOf(claimId),
            UpdateExpression: 'SET reservedBy = :request, reservedUntil = :until',
            ConditionExpression:
              'attribute_exists(pk) AND attribute_not_exists(issued) AND (attribute_not_exists(reservedUntil) OR reservedUntil < :now)',
            ExpressionAttributeValues: {
              ':request': requestId,
              ':until': new Date(now.getTime() + reservationSeconds * 1000).toISOString(),
              ':now': now.toISOString(),
            },
          }),
        ),
      ),

    /** Gives an unspent claim back before its reservation lapses. */
    release: (claimId: string, requestId: string): Promise<boolean> =>
      isTaken(
        tables.send(
          new UpdateCommand({
            TableName: tableName,
            Key: keyOf(claimId),
            UpdateExpression: 'REMOVE reservedBy, reservedUntil',
            ConditionExpression: 'reservedBy = :request AND attribute_not_exists(issued)',
            ExpressionAttributeValues: { ':request': requestId },
          }),
        ),
      ),

    /** Spends a reserved claim on a certificate. False when the reservation lapsed and another request took it. */
    spend: (claimId: string, requestId: string, issued: IssuedCertificate): Promise<boolean> =>
      isTaken(
        tables.send(
          new UpdateCommand({
            TableName: tableName,
            Key: keyOf(claimId),
            UpdateExpression: 'SET issued = :issued',
            ConditionExpression: 'reservedBy = :request AND attribute_not_exists(issued)',
            ExpressionAttributeValues: { ':request': requestId, ':issued': issued },
          }),
        ),
      ),
  }
}

export type ClaimStore = ReturnType<typeof createClaimStore>
