import { randomUUID } from 'node:crypto'
import {
  DeleteCACertificateCommand,
  DeleteRegistrationCodeCommand,
  DescribeCACertificateCommand,
  GetRegistrationCodeCommand,
  ListCACertificatesCommand,
  RegisterCACertificateCommand,
  UpdateCACertificateCommand,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority, generateEcKeys } from './certificate-fixture.ts'
import { type Control, startControl } from './control-fixture.ts'

let control: Control
let send: Control['client']['send']
beforeAll(async () => {
  control = await startControl()
  send = control.client.send.bind(control.client)
})
afterAll(() => control.close())
const registrationCode = async () => (await send(new GetRegistrationCodeCommand({}))).registrationCode ?? ''

test('DEFAULT mode takes a CA whose key signed the registration code', async () => {
  const authority = await createAuthority({ subject: 'CN=Default' })
  const code = await registrationCode()
  expect(code).toMatch(/^[0-9a-f]{64}$/)
  expect(await registrationCode()).toBe(code)
  const register = (verificationCertificate: string | undefined) =>
    send(
      new RegisterCACertificateCommand({
        caCertificate: authority.pem,
        verificationCertificate,
        setAsActive: true,
        allowAutoRegistration: true,
        tags: [{ Key: 'k', Value: 'v' }],
      }),
    )
  await expect(register(undefined)).rejects.toMatchObject({ name: 'InvalidRequestException' })
  await expect(register(await authority.sign('another code'))).rejects.toMatchObject({
    name: 'RegistrationCodeValidationException',
  })
  const impostor = await createAuthority({ subject: 'CN=Default' })
  await expect(register(await impostor.sign(code))).rejects.toMatchObject({ name: 'CertificateValidationException' })

  const verification = await authority.sign(code)
  const { certificateId, certificateArn } = await register(verification)
  expect(certificateArn).toBe(`arn:aws:iot:eu-central-1:123456789012:cacert/${certificateId}`)
  expect((await send(new DescribeCACertificateCommand({ certificateId }))).certificateDescription).toMatchObject({
    status: 'ACTIVE',
    autoRegistrationStatus: 'ENABLE',
    certificateMode: 'DEFAULT',
    certificatePem: expect.stringContaining('BEGIN CERTIFICATE'),
  })
  await expect(register(verification)).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    resourceId: certificateId,
  })

  await send(new DeleteRegistrationCodeCommand({}))
  expect(await registrationCode()).not.toBe(code)
})

test('without a registration code no verification certificate fits', async () => {
  await send(new DeleteRegistrationCodeCommand({}))
  const authority = await createAuthority({ subject: 'CN=No code' })
  const verificationCertificate = await authority.sign('undefined')
  await expect(
    send(new RegisterCACertificateCommand({ caCertificate: authority.pem, verificationCertificate })),
  ).rejects.toMatchObject({ name: 'RegistrationCodeValidationException' })
})

test('what is no certificate, no CA, or expired is refused', async () => {
  const leaf = await createAuthority({ isCa: false })
  const expired = await createAuthority({ notAfter: new Date('2021-01-01T00:00:00Z') })
  for (const caCertificate of ['nonsense', leaf.pem, expired.pem]) {
    await expect(
      send(new RegisterCACertificateCommand({ certificateMode: 'SNI_ONLY', caCertificate })),
    ).rejects.toMatchObject({ name: 'CertificateValidationException' })
  }
})

test('SNI_ONLY mode takes no verification certificate, and ten CAs of one subject', async () => {
  const keys = await generateEcKeys()
  const subject = 'CN=Shared, O=Ten'
  const createCa = async () =>
    (await createAuthority({ subject, keys, notAfter: new Date(Date.UTC(2050, 0, 1, 0, 0, suffix++)) })).pem
  let suffix = 0
  const register = async (caCertificate: string, verificationCertificate?: string) =>
    send(new RegisterCACertificateCommand({ certificateMode: 'SNI_ONLY', caCertificate, verificationCertificate }))
  await expect(register(await createCa(), await createCa())).rejects.toMatchObject({ name: 'InvalidRequestException' })
  for (let count = 0; count < 10; count++) await register(await createCa())
  await expect(register(await createCa())).rejects.toMatchObject({
    name: 'LimitExceededException',
    $metadata: { httpStatusCode: 410 },
  })
})

test('a CA is updated, listed, and deleted when it is inactive', async () => {
  const authority = await createAuthority({ subject: `CN=${randomUUID()}` })
  const { certificateId } = await send(
    new RegisterCACertificateCommand({ certificateMode: 'SNI_ONLY', caCertificate: authority.pem, setAsActive: true }),
  )
  await send(new UpdateCACertificateCommand({ certificateId, newAutoRegistrationStatus: 'ENABLE' }))
  expect((await send(new DescribeCACertificateCommand({ certificateId }))).certificateDescription).toMatchObject({
    status: 'ACTIVE',
    autoRegistrationStatus: 'ENABLE',
    customerVersion: 2,
  })
  await expect(send(new DeleteCACertificateCommand({ certificateId }))).rejects.toMatchObject({
    name: 'CertificateStateException',
  })
  await send(new UpdateCACertificateCommand({ certificateId, newStatus: 'INACTIVE', removeAutoRegistration: true }))
  const { certificates } = await send(new ListCACertificatesCommand({ pageSize: 250 }))
  expect(certificates).toContainEqual(expect.objectContaining({ certificateId, status: 'INACTIVE' }))
  await send(new DeleteCACertificateCommand({ certificateId }))
  await expect(send(new DescribeCACertificateCommand({ certificateId }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})

test('just-in-time provisioning by template is refused by name', async () => {
  const { pem } = await createAuthority()
  await expect(
    send(
      new RegisterCACertificateCommand({
        certificateMode: 'SNI_ONLY',
        caCertificate: pem,
        registrationConfig: { templateName: 't' },
      }),
    ),
  ).rejects.toMatchObject({ name: 'NotImplemented', $metadata: { httpStatusCode: 501 } })
})
