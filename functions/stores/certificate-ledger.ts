import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { type CertificateState, statesBefore } from '#contract/certificate-state.ts'
import type { CertificateSummary } from '#contract/certificates-api.ts'
import { Fault } from '#contract/fault.ts'
import { isTaken } from './conditional-write.ts'
import { listingOf, readListing } from './listing.ts'
import { readOfThing } from './of-thing.ts'
import { updateItem } from './update-item.ts'

/** What the backend knows of one certificate: one that it signed, or one of another CA that connected. */
export interface CertificateEntry {
  /** Lower-case hex SHA-256 of the DER. */
  readonly certificateId: string
  readonly state: CertificateState
  readonly origin: CertificateSummary['origin']
  /** Absent only for a certificate that the backend did not sign and that names no thing. */
  readonly thingName?: string
  readonly thingTypeName?: string | undefined
  readonly thingGroupName?: string | undefined
  readonly attributes: Readonly<Record<string, string>>
  readonly caCertificateId: string
  /** Lower-case hex. */
  readonly serialNumber: string
  readonly claimId?: string
  /** It takes its thing over from the certificate that holds it: an operator said so. */
  readonly replaces?: boolean
  /** A renewal: the certificate that it stands beside until it is confirmed. */
  readonly successorOf?: string
  /** ISO times. */
  readonly notAfter: string
  readonly createdAt: string
  readonly changedAt: string
  /** When it was last activated: a registration event from before that is an echo. */
  readonly activatedAt?: string
  readonly reason?: string
}

/** What may change together with the state. */
type Changes = Partial<Pick<CertificateEntry, 'thingName' | 'replaces' | 'activatedAt' | 'reason'>>

interface LedgerQuery {
  readonly state: CertificateState
  /** Places are `<notAfter>#<certificateId>`. */
  readonly after?: string | undefined
  /** Only certificates that end before this ISO time. */
  readonly expiresBefore?: string | undefined
  readonly limit: number
}

interface LedgerPage {
  readonly certificates: CertificateEntry[]
  /** The place to go on after; absent on the last page. */
  readonly next?: string
}

/**
 * The ledger of certificates. Each step is one conditional write on one item, so a handler that dies between two steps
 * is mended by running again.
 */
export function createCertificateLedger(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (certificateId: string) => `certificate#${certificateId}`
  const placeOf = (certificateId: string, state: CertificateState, notAfter: string) =>
    listingOf(`certificate#${state}`, certificateId, `${notAfter}#${certificateId}`)

  async function find(certificateId: string): Promise<CertificateEntry | undefined> {
    const { Item } = await tables.send(
      new GetCommand({ TableName: tableName, Key: { pk: keyOf(certificateId) }, ConsistentRead: true }),
    )
    return Item as CertificateEntry | undefined
  }

  return {
    find,

    /** Throws NOT_FOUND. */
    async get(certificateId: string): Promise<CertificateEntry> {
      const entry = await find(certificateId)
      if (entry) return entry
      throw new Fault('NOT_FOUND', 'the ledger has no such certificate', {
        hint: 'see what there is: thingdrop certificates list',
      })
    },

    /** Adds a certificate. False when it is there already: it may have come further, and stays as it is. */
    add: (entry: CertificateEntry): Promise<boolean> =>
      isTaken(
        tables.send(
          new PutCommand({
            TableName: tableName,
            Item: {
              pk: keyOf(entry.certificateId),
              ...entry,
              ...placeOf(entry.certificateId, entry.state, entry.notAfter),
            },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),

    /**
     * Brings an entry to another state, or again to the one that it has. False when a certificate may not come from
     * where it is to there (contract/certificate-state.ts).
     */
    move(
      { certificateId, notAfter }: Pick<CertificateEntry, 'certificateId' | 'notAfter'>,
      next: CertificateState,
      changes: Changes,
      now: Date,
    ): Promise<boolean> {
      const from = [next, ...statesBefore(next)]
      return updateItem(tables, tableName, keyOf(certificateId), {
        set: { ...changes, state: next, changedAt: now.toISOString(), ...placeOf(certificateId, next, notAfter) },
        // A reason is of one state.
        remove: changes.reason === undefined ? ['reason'] : [],
        condition: `#state IN (${from.map((_, index) => `:from${index}`).join(', ')})`,
        values: Object.fromEntries(from.map((state, index) => [`:from${index}`, state])),
      })
    },

    async remove(certificateId: string): Promise<void> {
      await tables.send(new DeleteCommand({ TableName: tableName, Key: { pk: keyOf(certificateId) } }))
    },

    /** Certificates in a state, those that end first first. */
    async list({ state, after, expiresBefore, limit }: LedgerQuery): Promise<LedgerPage> {
      const { items, next } = await readListing<CertificateEntry & { listed: string }>(tables, tableName, {
        kind: `certificate#${state}`,
        after,
        before: expiresBefore,
        limit,
      })
      return next === undefined ? { certificates: items } : { certificates: items, next }
    },

    /** Every certificate of a thing, in no order. What was added a moment ago may be missing. */
    listOfThing: (thingName: string): Promise<CertificateEntry[]> =>
      readOfThing(tables, tableName, thingName, keyOf('')),
  }
}

export type CertificateLedger = ReturnType<typeof createCertificateLedger>
