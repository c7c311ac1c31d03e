import { RemovalPolicy } from 'aws-cdk-lib'
import { type Attribute, AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'

/** The two tables. They outlive the stack: what they hold cannot be made again. */
export class Tables extends Construct {
  /**
   * Certificates, claims, things and CAs, one item each. The index `listings` lists what is of one kind and state, spread
   * over shards; `of-thing` has all that belongs to a thing.
   */
  readonly ledger: Table
  /** Their ARNs. */
  readonly ledgerIndexes: { readonly listings: string; readonly ofThing: string }
  /**
   * One row for each S3 event, and one for each upload that a URL was issued for. The index `fleet` lists a day of all
   * things, `listings` the issued uploads that did not arrive, by state.
   */
  readonly uploadLog: Table

  constructor(scope: Construct, id: string) {
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
    const index = (name: string) => `${this.ledger.tableArn}/index/${name}`
    this.ledgerIndexes = { listings: index('listings'), ofThing: index('of-thing') }

    this.uploadLog = new Table(this, 'upload-log', { ...kept, partitionKey: text('thing'), sortKey: text('position') })
    this.uploadLog.addGlobalSecondaryIndex({
      indexName: 'fleet',
      partitionKey: text('dayShard'),
      sortKey: text('position'),
      projectionType: ProjectionType.ALL,
    })
    this.uploadLog.addGlobalSecondaryIndex({
      indexName: 'listings',
      partitionKey: text('listing'),
      sortKey: text('listed'),
      projectionType: ProjectionType.ALL,
    })
  }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING }
}
