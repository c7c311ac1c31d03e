import { DeleteCommand, type DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb'
import { listingOf, readListing } from './listing.ts'

/** A renewal that is not confirmed yet. */
export interface OpenRenewal {
  readonly certificateId: string
  readonly thing: string
  readonly createdAt: string
}

/** Renewals that wait for their confirmation, in the ledger's table, so that those which nobody confirms are found. */
export function createRenewalStore(tables: DynamoDBDocumentClient, tableName: string) {
  const keyOf = (certificateId: string) => ({ pk: `renewal#${certificateId}` })

  return {
    async open({ certificateId, thing, createdAt }: OpenRenewal): Promise<void> {
      const place = listingOf('renewal', certificateId, `${createdAt}#${certificateId}`)
      await tables.send(
        new PutCommand({
          TableName: tableName,
          Item: { ...keyOf(certificateId), certificateId, thing, createdAt, ...place },
        }),
      )
    },

    async close(certificateId: string): Promise<void> {
      await tables.send(new DeleteCommand({ TableName: tableName, Key: keyOf(certificateId) }))
    },

    /** Open renewals from before an ISO time, oldest first. */
    async listBefore(time: string, limit: number): Promise<OpenRenewal[]> {
      const { items } = await readListing<OpenRenewal & { listed: string }>(tables, tableName, {
        kind: 'renewal',
        before: time,
        limit,
      })
      return items
    },
  }
}

export type RenewalStore = ReturnType<typeof createRenewalStore>
