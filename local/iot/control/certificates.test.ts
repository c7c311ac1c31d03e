import { createHash, createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  DeleteCertificateCommand,
  DeletePolicyCommand,
  DeleteThingCommand,
  DescribeCertificateCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  ListCertificatesByCACommand,
  ListCertificatesCommand,
  ListPrincipalThingsCommand,
  ListThingPrincipalsCommand,
  ListThingPrincipalsV2Command,
  RegisterCACertificateCommand,
  RegisterCertificateCommand,
  RegisterCertificateWithoutCACommand,
  UpdateCACertificateCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority, createSigningRequest } from './certificate-fixture.ts'
import { type Control, startControl } from './control-fixture.ts'

let control: Control
let send: Control['client']['send']
beforeAll(async () => {
  control = await startControl()
  send = control.client.send.bind(control.client)
})
afterAll(() => control.close())

const register = async (certificatePem: string) =>
  (await send(new RegisterCertificateWithoutCACommand({ certificatePem }))).certificateId ?? ''

test('a key pair and its certificate are made, and signed by the cloud', async () => {
  const created = await send(new CreateKeysAndCertificateCommand({ setAsActive: true }))
  const certificate = new X509Certificate(created.certificatePem ?? '')
  expect(created.certificateId).toBe(createHash('sha256').update(certificate.raw).digest('hex'))
  expect(created.certificateArn).toBe(`arn:aws:iot:eu-central-1:123456789012:cert/${created.certificateId}`)
  expect(certificate.checkPrivateKey(createPrivateKey(created.keyPair?.PrivateKey ?? ''))).toBe(true)
  expect(created.keyPair?.PrivateKey).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/)
  expect(certificate.subject).toBe('CN=AWS IoT Certificate')
  expect(certificate.validToDate).toEqual(new Date('2049-12-31T23:59:59Z'))
  const issuer = new X509Certificate(control.registry.settings.get('issuerCertificate') ?? '')
  expect(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)).toBe(true)

  const { certificateDescription } = await send(
    new DescribeCertificateCommand({ certificateId: created.certificateId }),
  )
  expect(certificateDescription).toMatchObject({
    status: 'ACTIVE',
    certificatePem: created.certificatePem,
    ownedBy: '123456789012',
    certificateMode: 'DEFAULT',
    customerVersion: 1,
    validity: { notAfter: new Date('2049-12-31T23:59:59Z') },
  })
})

test('many keys made at once are signed by one authority', async () => {
  const fresh = await startControl()
  const created = await Promise.all(
    Array.from({ length: 3 }, () => fresh.client.send(new CreateKeysAndCertificateCommand({}))),
  )
  const issuer = new X509Certificate(fresh.registry.settings.get('issuerCertificate') ?? '')
  for (const { certificatePem = '' } of created) {
    expect(new X509Certificate(certificatePem).verify(issuer.publicKey)).toBe(true)
  }
  await fresh.close()
})

test('a signing request is signed with its subject and key', async () => {
  const certificateSigningRequest = await createSigningRequest('device=1, a')
  const created = await send(new CreateCertificateFromCsrCommand({ certificateSigningRequest }))
  const certificate = new X509Certificate(created.certificatePem ?? '')
  expect(certificate.toLegacyObject().subject.CN).toBe('device=1, a')
  expect(certificate.publicKey.asymmetricKeyType).toBe('ec')
  expect(certificate.ca).toBe(false)
})

test('what is no signing request, or was changed, is refused', async () => {
  const request = await createSigningRequest('device')
  const der = Buffer.from(request.replaceAll(/-----.*-----|\s/g, ''), 'base64')
  der.writeUInt8(der.readUInt8(der.length - 1) ^ 1, der.length - 1)
  const changed = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----`
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' })
  for (const certificateSigningRequest of ['nonsense', changed, String(key)]) {
    await expect(send(new CreateCertificateFromCsrCommand({ certificateSigningRequest }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    })
  }
})

test('a certificate of a registered CA is registered once, in the CA’s mode', async () => {
  const authority = await createAuthority({ subject: 'CN=Plant' })
  const ca = { certificateMode: 'SNI_ONLY', caCertificate: authority.pem } as const
  const { certificateId: caCertificateId } = await send(new RegisterCACertificateCommand(ca))
  const certificatePem = await authority.sign('d1')
  await expect(send(new RegisterCertificateCommand({ certificatePem }))).rejects.toMatchObject({
    name: 'CertificateStateException',
  })
  await send(new UpdateCACertificateCommand({ certificateId: caCertificateId, newStatus: 'ACTIVE' }))
  const { certificateId } = await send(new RegisterCertificateCommand({ certificatePem, status: 'ACTIVE' }))
  expect((await send(new DescribeCertificateCommand({ certificateId }))).certificateDescription).toMatchObject({
    caCertificateId,
    status: 'ACTIVE',
    certificateMode: 'SNI_ONLY',
  })
  await expect(send(new RegisterCertificateCommand({ certificatePem }))).rejects.toMatchObject({
    name: 'ResourceAlreadyExistsException',
    message: 'The certificate is already provisioned or registered',
    resourceId: certificateId,
  })
  const listed = await send(new ListCertificatesByCACommand({ caCertificateId }))
  expect(listed.certificates?.map((certificate) => certificate.certificateId)).toEqual([certificateId])
})

test('a certificate that no registered CA signed is refused, even under the CA’s name', async () => {
  const registered = await createAuthority({ subject: 'CN=Same' })
  const impostor = await createAuthority({ subject: 'CN=Same' })
  await send(
    new RegisterCACertificateCommand({
      certificateMode: 'SNI_ONLY',
      caCertificate: registered.pem,
      setAsActive: true,
    }),
  )
  for (const certificatePem of [await impostor.sign('d'), 'no certificate']) {
    await expect(send(new RegisterCertificateCommand({ certificatePem }))).rejects.toMatchObject({
      name: 'CertificateValidationException',
      $metadata: { httpStatusCode: 400 },
    })
  }
})

test('a status that only AWS IoT sets is refused', async () => {
  const certificateId = await register(await (await createAuthority()).sign('status'))
  for (const newStatus of ['PENDING_ACTIVATION', 'PENDING_TRANSFER', 'REGISTER_INACTIVE'] as const) {
    await expect(send(new UpdateCertificateCommand({ certificateId, newStatus }))).rejects.toMatchObject({
      name: 'InvalidRequestException',
    })
  }
  const changes: unknown[] = []
  control.registry.changes.on('change', (change) => changes.push(change))
  await send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }))
  await send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }))
  await send(new UpdateCertificateCommand({ certificateId, newStatus: 'REVOKED' }))
  expect(changes).toEqual([
    { kind: 'certificate', id: certificateId },
    { kind: 'certificate', id: certificateId },
  ])
  const { certificateDescription } = await send(new DescribeCertificateCommand({ certificateId }))
  expect(certificateDescription).toMatchObject({ status: 'REVOKED', customerVersion: 3, certificateMode: 'SNI_ONLY' })
})

test('a certificate is attached to things, and must be loose and inactive to be deleted', async () => {
  const authority = await createAuthority()
  const certificateId = await register(await authority.sign('attached'))
  const principal = control.registry.arn.certificate(certificateId)
  for (const thingName of ['one', 'two']) {
    await send(new CreateThingCommand({ thingName }))
    await send(new AttachThingPrincipalCommand({ thingName, principal }))
    await send(new AttachThingPrincipalCommand({ thingName, principal: certificateId }))
  }
  expect((await send(new ListPrincipalThingsCommand({ principal }))).things).toEqual(['one', 'two'])
  expect((await send(new ListThingPrincipalsCommand({ thingName: 'one' }))).principals).toEqual([principal])
  expect((await send(new ListThingPrincipalsV2Command({ thingName: 'one' }))).thingPrincipalObjects).toEqual([
    { principal, thingPrincipalType: 'NON_EXCLUSIVE_THING' },
  ])
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
  })
  await send(new CreatePolicyCommand({ policyName: 'all', policyDocument }))
  await send(new AttachPolicyCommand({ policyName: 'all', target: principal }))

  const remove = (forceDelete = false) => send(new DeleteCertificateCommand({ certificateId, forceDelete }))
  await send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }))
  await expect(remove(true)).rejects.toMatchObject({
    name: 'CertificateStateException',
    message: `Certificate must be deactivated (not ACTIVE) before deletion. Id: ${certificateId}`,
    $metadata: { httpStatusCode: 406 },
  })
  await send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }))
  await expect(remove(true)).rejects.toMatchObject({
    name: 'DeleteConflictException',
    message: `Things must be detached before deletion (arn: ${principal})`,
  })
  for (const thingName of ['one', 'two']) await send(new DetachThingPrincipalCommand({ thingName, principal }))
  await expect(send(new DetachThingPrincipalCommand({ thingName: 'one', principal }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
  await expect(remove()).rejects.toMatchObject({
    name: 'DeleteConflictException',
    message: `Certificate policies must be detached before deletion (arn: ${principal})`,
  })
  await remove(true)
  expect(control.registry.policyTargets.rightsOf('all')).toEqual([])
  await expect(send(new DescribeCertificateCommand({ certificateId }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })
})

test('a certificate that was revoked can be active again', async () => {
  const certificateId = await register(await (await createAuthority()).sign('again'))
  for (const newStatus of ['ACTIVE', 'REVOKED', 'ACTIVE', 'INACTIVE', 'REVOKED'] as const) {
    await send(new UpdateCertificateCommand({ certificateId, newStatus }))
    const { certificateDescription } = await send(new DescribeCertificateCommand({ certificateId }))
    expect(certificateDescription?.status).toBe(newStatus)
  }
})

test('a policy is detached once or twice, and what is attached to a thing holds the thing', async () => {
  const certificateId = await register(await (await createAuthority()).sign('held'))
  const principal = control.registry.arn.certificate(certificateId)
  const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] })
  await send(new CreatePolicyCommand({ policyName: 'held', policyDocument }))
  await send(new AttachPolicyCommand({ policyName: 'held', target: principal }))
  await expect(send(new DeletePolicyCommand({ policyName: 'held' }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
  })
  for (let time = 0; time < 2; time++) await send(new DetachPolicyCommand({ policyName: 'held', target: principal }))
  await send(new DeletePolicyCommand({ policyName: 'held' }))
  await expect(send(new DetachPolicyCommand({ policyName: 'held', target: principal }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  })

  await send(new CreateThingCommand({ thingName: 'held' }))
  await send(new AttachThingPrincipalCommand({ thingName: 'held', principal }))
  const remove = () => send(new DeleteThingCommand({ thingName: 'held' }))
  await expect(remove()).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: 'Cannot delete. Thing held is still attached to one or more principals',
  })
  await send(new DetachThingPrincipalCommand({ thingName: 'held', principal }))
  await remove()
  await remove()
})

test('the certificates of a CA come newest first, and none twice or never when others are added between pages', async () => {
  const fresh = await startControl()
  const [authority, other] = [await createAuthority(), await createAuthority({ subject: 'CN=Other' })]
  const caIds: string[] = []
  for (const { pem } of [authority, other]) {
    const registered = await fresh.client.send(
      new RegisterCACertificateCommand({ certificateMode: 'SNI_ONLY', caCertificate: pem, setAsActive: true }),
    )
    caIds.push(registered.certificateId ?? '')
  }
  let second = 0
  const add = async (by = authority) => {
    fresh.time.now = new Date(Date.UTC(2030, 0, 1, 0, 0, second++))
    const command = new RegisterCertificateCommand({ certificatePem: await by.sign(`device-${second}`) })
    return (await fresh.client.send(command)).certificateId
  }
  const first: (string | undefined)[] = []
  for (let count = 0; count < 5; count++) {
    first.push(await add())
    await add(other)
  }
  const caCertificateId = caIds[0]
  const list = async (ascendingOrder: boolean | undefined, between: () => Promise<unknown>) => {
    const listed: (string | undefined)[] = []
    let marker: string | undefined
    do {
      const command = new ListCertificatesByCACommand({ caCertificateId, pageSize: 2, marker, ascendingOrder })
      const page = await fresh.client.send(command)
      expect(page.certificates?.length).toBeLessThanOrEqual(2)
      listed.push(...(page.certificates ?? []).map((certificate) => certificate.certificateId))
      marker = page.nextMarker
      if (marker !== undefined) await between()
    } while (marker !== undefined)
    return listed
  }
  const added: (string | undefined)[] = []
  expect(await list(undefined, async () => added.push(await add()))).toEqual(first.toReversed())
  expect(added).toHaveLength(2)
  expect(await list(true, () => add(other))).toEqual([...first, ...added])
  expect(await list(false, () => add(other))).toEqual([...first, ...added].toReversed())
  await fresh.close()
})

test('certificates are listed by age, in pages of either direction', async () => {
  const fresh = await startControl()
  const authority = await createAuthority()
  const ids: (string | undefined)[] = []
  for (const [seconds, name] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    // Two of them at the same time: the order is still total.
    fresh.time.now = new Date(Date.UTC(2030, 0, 1, 0, 0, Math.min(seconds, 3)))
    const certificatePem = await authority.sign(name)
    ids.push((await fresh.client.send(new RegisterCertificateWithoutCACommand({ certificatePem }))).certificateId)
  }
  const last = ids.splice(3).sort()
  const ascending = [...ids, ...last]
  for (const ascendingOrder of [true, false]) {
    const listed: (string | undefined)[] = []
    let marker: string | undefined
    do {
      const page = await fresh.client.send(new ListCertificatesCommand({ pageSize: 2, marker, ascendingOrder }))
      listed.push(...(page.certificates ?? []).map((certificate) => certificate.certificateId))
      marker = page.nextMarker
    } while (marker !== undefined)
    expect(listed).toEqual(ascendingOrder ? ascending : ascending.toReversed())
  }
  await fresh.close()
})
