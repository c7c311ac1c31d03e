import { existsSync, statSync } from 'node:fs'
import { checkValidity, renewalDueAt } from './certificate-validity.ts'
import { DeviceFault } from './device-fault.ts'
import { deviceFiles, type Identity, readIdentity } from './device-folder.ts'
import { attempt, type Finding, failed, ok, warning } from './finding.ts'
import { certificateIdOf } from './issued-certificate.ts'

/** What can be told of the folder alone, and its identity if there is one. */
export function diagnoseFolder(dir: string): { readonly findings: readonly Finding[]; readonly identity?: Identity } {
  try {
    const identity = readIdentity(dir)
    const own = `${dir} holds ${identity.configuration.thingName}, and its key fits its certificate`
    const { mode } = statSync(dir)
    if ((mode & 0o022) === 0) return { findings: [ok('folder', own)], identity }
    const message = `${dir} can be written by other users (mode ${(mode & 0o777).toString(8)})`
    return { findings: [failed('folder', new DeviceFault('FOLDER_EXPOSED', message))], identity }
  } catch (error) {
    return { findings: [failed('folder', error)] }
  }
}

/** Of the certificate's time and its renewal, at `now`. */
export async function diagnoseCertificate(
  dir: string,
  { certificate, configuration }: Identity,
  now: Date,
): Promise<readonly Finding[]> {
  const validity = await attempt('certificate', () => {
    checkValidity(certificate, now)
    return `${certificateIdOf(certificate).slice(0, 12)}… is valid until ${certificate.validToDate.toISOString()}`
  })
  return [validity, diagnoseRenewal(dir, renewalDueAt(certificate), configuration.apiUrl, now)]
}

function diagnoseRenewal(dir: string, dueAt: Date, apiUrl: string | undefined, now: Date): Finding {
  const { renewal, previous } = deviceFiles(dir)
  if (apiUrl === undefined) {
    return warning('renewal', 'API_URL_UNUSABLE', 'device.json does not say where the API is')
  }
  if (existsSync(renewal.key) || existsSync(previous.certificate)) {
    return warning('renewal', 'RENEWAL_UNFINISHED', 'a renewal has begun and not ended')
  }
  if (now >= dueAt) return warning('renewal', 'RENEWAL_DUE', `it was due at ${dueAt.toISOString()}`)
  return ok('renewal', `due at ${dueAt.toISOString()}`)
}
