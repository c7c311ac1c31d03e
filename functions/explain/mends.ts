import { formatRegistrationEvent } from '../registry/registration-event.ts'
import { type Facts, foundIn } from './facts.ts'
import { devicesTrust } from './policy-documents.ts'

/** Brings back what a person took out of the stack or changed in it (CDK CLI, "drift-aware change sets"). */
export const restoreStack = 'npx cdk deploy --revert-drift'

/** A thing's name may begin with a dash. */
function option(name: string, value: string): string {
  return value.startsWith('-') ? `${name}=${value}` : `${name} ${value}`
}

/** A new certificate for the thing, which takes it over when a certificate holds it. */
export function newClaim({ thingName, thing }: Pick<Facts, 'thingName' | 'thing'>): string {
  const replace = foundIn(thing.entry)?.certificateId === undefined ? '' : ' --replace'
  return `thingdrop claims create ${option('--thing', thingName ?? 'NAME')}${replace}`
}

export function explainThingInstead(thingName: string): string {
  return `thingdrop explain ${thingName.startsWith('-') ? `-- ${thingName}` : thingName}`
}

/** Registers the certificate, also again: thing, attachment, policy and status. */
export function approve({ certificateId, thingName, thing }: Facts): string {
  const holder = foundIn(thing.entry)?.certificateId
  const replace = holder === undefined || holder === certificateId ? '' : ' --replace'
  return `thingdrop certificates approve ${certificateId}${thingName === undefined ? ' --thing NAME' : ''}${replace}`
}

/** Has the certificate registered as if it connected now. */
export function sendRegistrationEvent({ names, certificateId = '', ca }: Facts, now: Date): string {
  const certificate = { certificateId, caCertificateId: ca.caCertificateId ?? '' }
  const body = formatRegistrationEvent(certificate, names.certificateArnPrefix, now)
  return `aws sqs send-message --queue-url ${names.registrationQueueUrl} --message-body '${body}'`
}

export function redriveDeadLetters(queueArn: string): string {
  return `aws sqs start-message-move-task --source-arn ${queueArn}`
}

export function enableRule({ names }: Facts): string {
  return `aws iot enable-topic-rule --rule-name ${names.registrationRule}`
}

export function updateCa(caCertificateId: string, wanted: { isActive: boolean; registersByItself: boolean }): string {
  const status = wanted.isActive ? '' : ' --new-status ACTIVE'
  const registration = wanted.registersByItself ? '' : ' --new-auto-registration-status ENABLE'
  return `aws iot update-ca-certificate --certificate-id ${caCertificateId}${status}${registration}`
}

export function activateCertificate(certificateId: string): string {
  return `aws iot update-certificate --certificate-id ${certificateId} --new-status ACTIVE`
}

export function attachThing({ names, certificateId }: Facts, thingName: string): string {
  const principal = `${names.certificateArnPrefix}${certificateId}`
  return `aws iot attach-thing-principal ${option('--thing-name', thingName)} --principal ${principal}`
}

export function attachPolicy({ names, certificateId }: Facts): string {
  const target = `${names.certificateArnPrefix}${certificateId}`
  return `aws iot attach-policy --policy-name ${names.devicePolicy} --target ${target}`
}

export function createAlias({ names: { roleAlias, roleArn, sessionSeconds } }: Facts): string {
  return `aws iot create-role-alias --role-alias ${roleAlias} --role-arn ${roleArn} --credential-duration-seconds ${sessionSeconds}`
}

export function updateAlias({ names: { roleAlias, roleArn, sessionSeconds } }: Facts): string {
  return `aws iot update-role-alias --role-alias ${roleAlias} --role-arn ${roleArn} --credential-duration-seconds ${sessionSeconds}`
}

export function restoreTrust({ names }: Facts): string {
  return `aws iam update-assume-role-policy --role-name ${names.roleName} --policy-document '${JSON.stringify(devicesTrust)}'`
}

export function allowLongerSessions({ names: { roleName } }: Facts, seconds: number): string {
  return `aws iam update-role --role-name ${roleName} --max-session-duration ${seconds}`
}

export function removeDenial({ names }: Facts, policyName: string): string {
  return `aws iam delete-role-policy --role-name ${names.roleName} --policy-name ${policyName}`
}
