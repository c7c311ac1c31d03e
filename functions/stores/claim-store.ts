import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { ClaimSummary } from '#contract/claims-api.ts'
import { isTaken } from './conditional-write.ts'
import type { IssuedCertificate } from './issued-certificate.ts'
import { listingOf, readListing } from './listing.ts'
import { readOfThing } from './of-thing.ts'
import { updateItem } from './update-item.ts'

type ClaimState = ClaimSummary['state']

export interface ClaimEntry {
  readonly claimId: string
  /** Hex SHA-256 of the secret: it has 256 bits of randomness, so it needs no salt and no slow hash. */
  readonly secretHash: string
  readonly thingName: string
  readonly thingTypeName?: string | undefined
  readonly thingGroupName?: string | undefined
  readonly attributes: Readonly<Record<string, string>>
  /** The certificate takes the thing over from the one that holds it. */
  readonly replaces: boolean
  /** ISO times. */
  readonly createdAt: string
  readonly expiresAt: string
  readonly revokedAt?: string
  readonly issued?: IssuedCertificate
}

interface ClaimPage {
  readonly claims: ClaimEntry[]
  /** The place to go on after; absent on the last page. */
  readonly next?: string
}

/** A request that died holds its claim this long, in seconds; far above what signing takes, below what a person minds. */
const reservationSeconds = 30
const unused = 'attribute_not_exists(issued) AND attribute_not_exists(revokedAt)'

type ClaimId = Pick<ClaimEntry, 'claimId' | 'expiresAt'>

/**
 * One-use claims, in the ledger's table. A claim is open, then reserved by one request for a moment, then spent: `spend`
 * is the commit, so a claim is never spent unless its certificate exists and can be given again. Open claims are listed
 * by the time at which they expire, and so are spent and revoked ones.
 */
export function createClaimStore(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (claimId: string) => `claim#${claimId}`
  const placeOf = (state: 'open' | 'spent' | 'revoked', { claimId, expiresAt }: ClaimId) =>
    listingOf(`claim#${state}`, claimId, `${expiresAt}#${claimId}`)

  return {
    /** Throws a ConditionalCheckFailedException when the id is taken: 64 random bits say that it is not. */
    async add(claim: ClaimEntry): Promise<void> {
      await tables.send(
        new PutCommand({
          TableName: tableName,
          Item: { pk: keyOf(claim.claimId), ...claim, ...placeOf('open', claim) },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      )
    },

    async find(claimId: string): Promise<ClaimEntry | undefined> {
      const { Item } = await tables.send(
        new GetCommand({ TableName: tableName, Key: { pk: keyOf(claimId) }, ConsistentRead: true }),
      )
      return Item as ClaimEntry | undefined
    },

    /** Reserves an open claim for one request. False when it is spent or revoked, or another request has it. */
    reserve: (claimId: string, requestId: string, now: Date): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(claimId), {
        set: {
          reservedBy: requestId,
          reservedUntil: new Date(now.getTime() + reservationSeconds * 1000).toISOString(),
        },
        condition: `attribute_exists(pk) AND ${unused} AND (attribute_not_exists(reservedUntil) OR reservedUntil < :now)`,
        values: { ':now': now.toISOString() },
      }),

    /** Gives an unspent claim back before its reservation lapses. */
    release: (claimId: string, requestId: string): Promise<boolean> =>
      isTaken(
        tables.send(
          new UpdateCommand({
            TableName: tableName,
            Key: { pk: keyOf(claimId) },
            UpdateExpression: 'REMOVE reservedBy, reservedUntil',
            ConditionExpression: 'reservedBy = :request AND attribute_not_exists(issued)',
            ExpressionAttributeValues: { ':request': requestId },
          }),
        ),
      ),

    /** Spends a reserved claim on a certificate. False when it was revoked, or the reservation lapsed and another request took it. */
    spend: (claim: ClaimId, requestId: string, issued: IssuedCertificate): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(claim.claimId), {
        set: { issued, ...placeOf('spent', claim) },
        condition: `reservedBy = :request AND ${unused}`,
        values: { ':request': requestId },
      }),

    /** Takes an unspent claim back; again, when it was. False when it is spent. */
    revoke: (claim: ClaimId, now: Date): Promise<boolean> =>
      updateItem(tables, tableName, keyOf(claim.claimId), {
        set: { revokedAt: now.toISOString(), ...placeOf('revoked', claim) },
        condition: 'attribute_exists(pk) AND attribute_not_exists(issued)',
      }),

    /** Claims in a state at `now`, those that expire first first. */
    async list(
      { state, after, limit }: { state: ClaimState; after?: string | undefined; limit: number },
      now: Date,
    ): Promise<ClaimPage> {
      const time = now.toISOString()
      const { items, next } = await readListing<ClaimEntry & { listed: string }>(tables, tableName, {
        kind: `claim#${state === 'expired' ? 'open' : state}`,
        after: state === 'open' && (after ?? '') < time ? time : after,
        before: state === 'expired' ? time : undefined,
        limit,
      })
      return next === undefined ? { claims: items } : { claims: items, next }
    },

    /** Every claim of a thing that is neither spent nor revoked, in no order. What was added a moment ago may be missing. */
    async listUnusedOfThing(thingName: string): Promise<ClaimEntry[]> {
      const claims = await readOfThing<ClaimEntry>(tables, tableName, thingName, keyOf(''))
      return claims.filter(({ issued, revokedAt }) => issued === undefined && revokedAt === undefined)
    },
  }
}

export type ClaimStore = ReturnType<typeof createClaimStore>
