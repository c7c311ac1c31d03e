import { RemovalPolicy } from 'aws-cdk-lib'
import { type Attribute, AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import type { Settings } from './settings.ts'

/** The two tables. They outlive the stack: what they hold cannot be made again. */
export class Tables extends Construct {
  /**
   * Certificates, claims, things and CAs, one item each. The index `listings` lists what is of one kind and state, spread
   * over shards; `of-thing` has all that belongs to a thing; `silent` has things by the time since which they sent nothing.
   */
  readonly ledger: Table
  /** Their ARNs. */
  readonly ledgerIndexes: { readonly listings: string; readonly ofThing: string; readonly silent: string }
  /**
   * One row for each S3 event, and one for each upload that a URL was issued for. The index `fleet` has the events of all
   * things, `of-certificate` those of a certificate, `of-upload` all of one upload, and `listings` the issued uploads that
   * did not arrive, by state.
   */
  readonly uploadLog: Table

  constructor(scope: Construct, id: string, { uploadLog: { keepDays } }: Settings) {
    super(scope, id)
    const kept = {
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: RemovalPolicy.RETAIN,
    }

    this.ledger = new Table(this, 'ledger', { ...kept, partitionKey: text('pk') })
    this.ledger.addGlobalSecondaryIndex({
      indexName: 'listings',
      partitionKey: text('listing'),
      sortKey: text('listed'),
      projectionType: ProjectionType.ALL,
    })
    this.ledger.addGlobalSecondaryIndex({
      indexName: 'of-thing',
      partitionKey: text('thingName'),
      sortKey: text('pk'),
      projectionType: ProjectionType.ALL,
    })
    this.ledger.addGlobalSecondaryIndex({
      indexName: 'silent',
      partitionKey: text('silence'),
      sortKey: text('silentSince'),
      projectionType: ProjectionType.ALL,
    })
    const index = (name: string) => `${this.ledger.tableArn}/index/${name}`
    this.ledgerIndexes = { listings: index('listings'), ofThing: index('of-thing'), silent: index('silent') }

    this.uploadLog = new Table(this, 'upload-log', {
      ...kept,
      partitionKey: text('thing'),
      sortKey: text('position'),
      ...(keepDays !== undefined && { timeToLiveAttribute: 'deleteAt' }),
    })
    const indexes = {
      fleet: ['fleetShard', 'position'],
      'of-certificate': ['certificateShard', 'position'],
      'of-upload': ['uploadId', 'position'],
      listings: ['listing', 'listed'],
    } as const
    for (const [indexName, [partitionKey, sortKey]] of Object.entries(indexes)) {
      this.uploadLog.addGlobalSecondaryIndex({
        indexName,
        partitionKey: text(partitionKey),
        sortKey: text(sortKey),
        projectionType: ProjectionType.ALL,
      })
    }
  }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING }
}
