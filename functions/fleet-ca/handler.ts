import 'reflect-metadata'
import { IoTClient } from '@aws-sdk/client-iot'
import { KMSClient } from '@aws-sdk/client-kms'
import middy from '@middy/core'
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda'
import { z } from 'zod'
import { createCaRegistry } from '../registry/ca-registry.ts'
import { createTables } from '../runtime/clients.ts'
import { parseEnvironment } from '../runtime/environment.ts'
import { createCaStore } from '../stores/ca-store.ts'
import { createCaCertificate } from '../x509/create-ca-certificate.ts'
import { createKmsSigner, readPublicKey } from '../x509/kms-signer.ts'
import { answerCloudFormation } from './answer-cloudformation.ts'
import { type FleetCaResource, manageFleetCa } from './manage-fleet-ca.ts'

const environment = parseEnvironment({ LEDGER_TABLE: z.string().min(1) })

const kms = new KMSClient({})
const fleetCa = {
  store: createCaStore(createTables(), environment.LEDGER_TABLE),
  registry: createCaRegistry(new IoTClient({})),
  clock: () => new Date(),
  create: async (ca: { keyId: string; commonName: string; validityDays: number }) =>
    createCaCertificate(
      { ...ca, publicKey: await readPublicKey(kms, ca.keyId) },
      createKmsSigner(kms, ca.keyId),
      new Date(),
    ),
}

export const handler = middy<CloudFormationCustomResourceEvent, FleetCaResource | undefined, Error, Context>()
  .use(answerCloudFormation())
  .handler((event) => manageFleetCa(fleetCa, event))
