import { RemovalPolicy } from 'aws-cdk-lib'
import { type Attribute, AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'

/** The two tables. They outlive the stack: what they hold cannot be made again. */
export class Tables extends Construct {
  /** Certificates, claims, things and the fleet CA, one item each; the index `things` lists things by name. */
  readonly ledger: Table
  /** One row for each S3 event; the index `fleet` lists a day of all things. */
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
      indexName: 'things',
      partitionKey: text('listing'),
      sortKey: text('thingName'),
      projectionType: ProjectionType.ALL,
    })

    this.uploadLog = new Table(this, 'upload-log', { ...kept, partitionKey: text('thing'), sortKey: text('position') })
    this.uploadLog.addGlobalSecondaryIndex({
      indexName: 'fleet',
      partitionKey: text('dayShard'),
      sortKey: text('position'),
      projectionType: ProjectionType.ALL,
    })
  }
}

function text(name: string): Attribute {
  return { name, type: AttributeType.STRING }
}
