import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { isTaken } from './conditional-write.ts'

/** The fleet CA's certificate, kept in the ledger's table beside what it signed. */
export function createCaStore(tables: DynamoDBDocumentClient, tableName: string) {
  async function read(kmsKeyId: string): Promise<string | undefined> {
    const { Item } = await tables.send(
      new GetCommand({ TableName: tableName, Key: { pk: `ca#${kmsKeyId}` }, ConsistentRead: true }),
    )
    return Item?.certificatePem as string | undefined
  }

  return {
    /**
     * The CA certificate (PEM) of a KMS key, made at most once: the first to write wins, and everyone gets the winner's.
     * ECDSA signatures differ from run to run, so a certificate that is made again would be another CA.
     */
    async keepCertificate(kmsKeyId: string, create: () => Promise<string>): Promise<string> {
      const kept = await read(kmsKeyId)
      if (kept !== undefined) return kept
      const certificatePem = await create()
      const isFirst = await isTaken(
        tables.send(
          new PutCommand({
            TableName: tableName,
            Item: { pk: `ca#${kmsKeyId}`, certificatePem },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      )
      return isFirst ? certificatePem : ((await read(kmsKeyId)) ?? certificatePem)
    },
  }
}

export type CaStore = ReturnType<typeof createCaStore>
