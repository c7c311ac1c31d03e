import type { DeviceConfiguration } from '#contract/certificates-api.ts'
import { DeviceFault } from './device-fault.ts'

/** What `device.json` holds: what the API told at enrollment, and the CAs that the owner of this machine trusts. */
export interface SavedConfiguration extends Omit<DeviceConfiguration, 'apiUrl'> {
  /** Absent in what was saved before devices could renew. */
  readonly apiUrl?: string | undefined
  /** PEM file of the CAs to trust instead of Node's own. */
  readonly caFile?: string | undefined
}

const members: { [Name in keyof Required<SavedConfiguration>]: 'required' | 'optional' } = {
  thingName: 'required',
  thingTypeName: 'required',
  region: 'required',
  bucket: 'required',
  roleAlias: 'required',
  mqttEndpoint: 'required',
  credentialsEndpoint: 'required',
  apiUrl: 'optional',
  s3Endpoint: 'optional',
  caFile: 'optional',
}

export function formatConfiguration(configuration: SavedConfiguration): string {
  return `${JSON.stringify(configuration, undefined, 2)}\n`
}

/**
 * Reads what formatConfiguration wrote. Throws FOLDER_DAMAGED.
 */
export function parseConfiguration(json: string): SavedConfiguration {
  const value = parseObject(json)
  for (const [name, need] of Object.entries(members)) {
    const member = value[name]
    if (!(typeof member === 'string' && member !== '') && !(member === undefined && need === 'optional')) {
      throw new DeviceFault('FOLDER_DAMAGED', `device.json: ${name} is missing or no text`)
    }
  }
  return value as unknown as SavedConfiguration
}

function parseObject(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below: the parser's own message may quote the file.
  }
  throw new DeviceFault('FOLDER_DAMAGED', 'device.json is no JSON object')
}
