import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  IoTClient,
  RegisterCertificateWithoutCACommand,
} from '@aws-sdk/client-iot'
import { createTestAuthority } from '#local/iot/testing/certificates.ts'
import type { CloudProgram } from './start-cloud.ts'

/** An active P-256 certificate whose policy lets it connect, as files in the cloud's folder. */
export async function registerDevice({ client, stateDir }: CloudProgram) {
  const iot = new IoTClient(client)
  const authority = await createTestAuthority('Bench CA')
  const device = await authority.issue('bench')
  const Statement = [{ Effect: 'Allow', Action: 'iot:Connect', Resource: '*' }]
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iot.send(new CreatePolicyCommand({ policyName: 'bench', policyDocument }))
  const registration = { certificatePem: device.cert, status: 'ACTIVE' } as const
  const { certificateArn } = await iot.send(new RegisterCertificateWithoutCACommand(registration))
  await iot.send(new AttachPolicyCommand({ policyName: 'bench', target: certificateArn }))
  const keep = async (name: string, text: string) => {
    const file = join(stateDir, name)
    await writeFile(file, text)
    return file
  }
  return {
    certificate: await keep('bench.pem', device.cert),
    key: await keep('bench.key', device.key),
    issuer: await keep('bench-ca.pem', authority.pem),
  }
}
