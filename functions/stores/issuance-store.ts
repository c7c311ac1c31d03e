import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { isTaken } from './conditional-write.ts'
import type { IssuedCertificate } from './issued-certificate.ts'

/** What was signed without a claim, by thing and key, in the ledger's table: one key gets one certificate. */
export function createIssuanceStore(tables: DynamoDBDocumentClient, tableName: string) {
  async function read(pk: string): Promise<IssuedCertificate | undefined> {
    const { Item } = await tables.send(new GetCommand({ TableName: tableName, Key: { pk }, ConsistentRead: true }))
    return Item?.issued as IssuedCertificate | undefined
  }

  return {
    /** The certificate of a thing's key, signed at most once: the first to write wins, and whoever asks again gets the winner's. */
    async keep(
      thingName: string,
      publicKeyHash: string,
      sign: () => Promise<IssuedCertificate>,
    ): Promise<IssuedCertificate> {
      const pk = `issuance#${thingName}#${publicKeyHash}`
      const kept = await read(pk)
      if (kept) return kept
      const issued = await sign()
      const isFirst = await isTaken(
        tables.send(
          new PutCommand({
            TableName: tableName,
            Item: { pk, issued },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      )
      return isFirst ? issued : ((await read(pk)) ?? issued)
    },
  }
}

export type IssuanceStore = ReturnType<typeof createIssuanceStore>
