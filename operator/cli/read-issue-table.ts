import { dirname, resolve } from 'node:path'
import { thingNameSchema } from '#contract/api-fields.ts'
import { issueCertificateRequestSchema } from '#contract/certificates-api.ts'
import { OperatorError } from '../operator-error.ts'
import { type GivenRequest, parseGivenRequest } from './certificate-request.ts'
import type { IssuedDevice } from './issue-device.ts'
import {
  csvInvalid,
  type DeviceRow,
  faultsOf,
  findRepetitions,
  readDeviceTable,
  type TableFault,
} from './read-device-table.ts'
import { readTextFile } from './read-text-file.ts'

const columns = ['thing', 'type', 'group', 'csr'] as const
const columnOf = { thingName: 'thing', thingTypeName: 'type', thingGroupName: 'group' }
const deviceSchema = issueCertificateRequestSchema.omit({ csr: true }).extend({ thingName: thingNameSchema })

/** The devices of a CSV file, each checked with the CSR that it names. Throws FILE_UNREADABLE, CSV_INVALID. */
export async function readIssueTable(path: string): Promise<readonly IssuedDevice[]> {
  const { rows, faults: tableFaults } = await readDeviceTable(path, columns)
  const faults = [...tableFaults, ...findRepetitions(rows, { sameFolder: true })]
  const devices: IssuedDevice[] = []
  for (const row of rows) {
    const read = await readDevice(row, dirname(path))
    if ('thingName' in read) devices.push(read)
    else faults.push(...read)
  }
  if (faults.length > 0) throw csvInvalid(path, faults)
  return devices
}

async function readDevice(
  { line, cells, attributes }: DeviceRow<(typeof columns)[number]>,
  folder: string,
): Promise<IssuedDevice | readonly TableFault[]> {
  const parsed = deviceSchema.safeParse({
    thingName: cells.thing ?? '',
    attributes,
    ...(cells.type && { thingTypeName: cells.type }),
    ...(cells.group && { thingGroupName: cells.group }),
  })
  if (!parsed.success) return faultsOf(parsed.error, line, columnOf)
  const { thingName, ...request } = parsed.data
  try {
    const given = cells.csr === undefined ? undefined : await readGiven(resolve(folder, cells.csr), thingName)
    return { thingName, line, request, given }
  } catch (error) {
    return [{ line, column: 'csr', message: error instanceof Error ? error.message : String(error) }]
  }
}

async function readGiven(path: string, thingName: string): Promise<GivenRequest> {
  const text = await readTextFile(path)
  try {
    return await parseGivenRequest(text, thingName)
  } catch (cause) {
    throw new OperatorError('CSV_INVALID', `${path} ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}
