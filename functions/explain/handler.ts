import { IAMClient } from '@aws-sdk/client-iam'
import { IoTClient } from '@aws-sdk/client-iot'
import { SQSClient } from '@aws-sdk/client-sqs'
import { z } from 'zod'
import { routeKey, routes } from '#contract/api.ts'
import { explanationSchema } from '#contract/explanation.ts'
import { Fault } from '#contract/fault.ts'
import { parseThingName } from '#contract/thing-name.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createHttpHandler } from '../runtime/http-handler.ts'
import { createCaStore } from '../stores/ca-store.ts'
import { createCertificateLedger } from '../stores/certificate-ledger.ts'
import { createClaimStore } from '../stores/claim-store.ts'
import { createThingStore } from '../stores/thing-store.ts'
import { createUploadLog } from '../stores/upload-log.ts'
import { explainWay } from './explain-way.ts'
import { type Gathering, gatherFacts } from './gather-facts.ts'
import { createAwsReader } from './read-aws.ts'

const environment = parseEnvironment({
  LEDGER_TABLE: z.string().min(1),
  UPLOAD_LOG_TABLE: z.string().min(1),
  DEVICE_POLICY: z.string().min(1),
  DEVICE_ROLE: z.string().min(1),
  DEVICE_ROLE_ARN: z.string().min(1),
  ROLE_ALIAS: z.string().min(1),
  SESSION_SECONDS: z.coerce.number().int().positive(),
  CERTIFICATE_ARN_PREFIX: z.string().min(1),
  REGISTRATION_RULE: z.string().min(1),
  REGISTRATION_QUEUE_URL: z.url(),
  REGISTRATION_DEAD_LETTERS_URL: z.url(),
})

const names = {
  devicePolicy: environment.DEVICE_POLICY,
  roleAlias: environment.ROLE_ALIAS,
  roleName: environment.DEVICE_ROLE,
  roleArn: environment.DEVICE_ROLE_ARN,
  sessionSeconds: environment.SESSION_SECONDS,
  registrationRule: environment.REGISTRATION_RULE,
  registrationQueueUrl: environment.REGISTRATION_QUEUE_URL,
  registrationDeadLettersUrl: environment.REGISTRATION_DEAD_LETTERS_URL,
  certificateArnPrefix: environment.CERTIFICATE_ARN_PREFIX,
}
const tables = createTables()
const gathering: Gathering = {
  names,
  ledger: createCertificateLedger(tables, environment.LEDGER_TABLE),
  things: createThingStore(tables, environment.LEDGER_TABLE),
  claims: createClaimStore(tables, environment.LEDGER_TABLE),
  cas: createCaStore(tables, environment.LEDGER_TABLE),
  uploads: createUploadLog(tables, environment.UPLOAD_LOG_TABLE),
  aws: createAwsReader({ iot: new IoTClient({}), iam: new IAMClient({}), sqs: new SQSClient({}) }, names),
}

export const handler = createHttpHandler({
  [routeKey(routes.explain)]: async ({ path }) => {
    const subject = parseThingName(path.subject ?? '')
    const now = new Date()
    const facts = await gatherFacts(gathering, subject, now)
    if (!facts) {
      throw new Fault('NOT_FOUND', `there is neither a thing nor a certificate ${subject}`, {
        hint: 'see what there is: thingdrop things list, thingdrop certificates list',
      })
    }
    const { thingName, certificateId } = facts
    const explainedAt = now.toISOString()
    const steps = explainWay(facts, now)
    return { status: 200, body: explanationSchema.parse({ subject, thingName, certificateId, explainedAt, steps }) }
  },
})
