import 'reflect-metadata'
import {
  DescribeRoleAliasCommand,
  DisableTopicRuleCommand,
  IoTClient,
  ListPoliciesCommand,
  ListTopicRulesCommand,
} from '@aws-sdk/client-iot'
import { registrationRulesSchema } from '#contract/registration-rules.ts'
import { createCaRegistry } from '#functions/registry/ca-registry.ts'
import { createDeviceSessions } from '#functions/registry/device-sessions.ts'
import { createFleetEvents } from '#functions/registry/fleet-events.ts'
import { createIotRegistry } from '#functions/registry/iot-registry.ts'
import { createRegistrationQueue } from '#functions/registry/registration-queue.ts'
import { createCaStore } from '#functions/stores/ca-store.ts'
import { createCertificateLedger } from '#functions/stores/certificate-ledger.ts'
import { createClaimStore } from '#functions/stores/claim-store.ts'
import { createIssuanceStore } from '#functions/stores/issuance-store.ts'
import { createRenewalStore } from '#functions/stores/renewal-store.ts'
import { createThingStore } from '#functions/stores/thing-store.ts'
import { signCertificate } from '#functions/vend-certificate/sign-certificate.ts'
import { createKmsSigner } from '#functions/x509/kms-signer.ts'
import type { Clients } from './crashing-clients.ts'
import type { TestCloud } from './test-cloud.ts'

/**
 * Takes the place of the stack's registration: its topic rule is disabled, so that no event reaches its function. Gives
 * what builds the functions' parts on clients, as their handlers do.
 */
export async function openFunctions(cloud: TestCloud) {
  const iot = new IoTClient(cloud.client())
  const { rules = [] } = await iot.send(new ListTopicRulesCommand({}))
  for (const { ruleName } of rules) await iot.send(new DisableTopicRuleCommand({ ruleName }))
  const { policies = [] } = await iot.send(new ListPoliciesCommand({}))
  const { roleAliasDescription } = await iot.send(
    new DescribeRoleAliasCommand({ roleAlias: cloud.output('RoleAlias') }),
  )
  const { region, accountId } = cloud.cloud
  const tableName = cloud.output('LedgerTable')
  const thingTypeName = cloud.output('ThingTypeName')
  const policyName = policies[0]?.policyName ?? ''
  const roleName = roleAliasDescription?.roleArn?.split('/').at(-1) ?? ''
  const certificateArnPrefix = `arn:aws:iot:${region}:${accountId}:cert/`

  return ({ tables, iot, events, iam, sqs, kms }: Clients, clock: () => Date = () => new Date()) => {
    const cas = createCaStore(tables, tableName)
    return {
      cas,
      caRegistry: createCaRegistry(iot),
      ledger: createCertificateLedger(tables, tableName),
      claims: createClaimStore(tables, tableName),
      issuances: createIssuanceStore(tables, tableName),
      renewals: createRenewalStore(tables, tableName),
      things: createThingStore(tables, tableName),
      registry: createIotRegistry(iot, { policyName, certificateArnPrefix }),
      events: createFleetEvents(events),
      roleName,
      sessions: createDeviceSessions(iam, roleName),
      requestRegistration: createRegistrationQueue(sqs, {
        queueUrl: cloud.output('RegistrationQueueUrl'),
        certificateArnPrefix,
      }),
      rules: registrationRulesSchema.parse({}),
      awaitTurn: async () => {},
      catalog: { thingTypeNames: [thingTypeName], thingGroupNames: [] },
      async sign(request: Parameters<typeof signCertificate>[0], now: Date) {
        const ca = await cas.getSigning()
        return signCertificate(request, { signer: createKmsSigner(kms, ca.keyId), ca, validityDays: 365 }, now)
      },
      device: {
        thingTypeName,
        region,
        bucket: cloud.output('BucketName'),
        roleAlias: cloud.output('RoleAlias'),
        mqttEndpoint: cloud.output('MqttEndpoint'),
        credentialsEndpoint: cloud.output('CredentialsEndpoint'),
        apiUrl: cloud.output('ApiUrl'),
        s3Endpoint: cloud.cloud.endpoints.gateway,
      },
      clock,
    }
  }
}
