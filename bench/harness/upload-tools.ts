import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasProgram } from '../../test/has-program.ts'
import type { ClientCommand } from './run-client.ts'

/** Where a tool puts files. */
export interface UploadTarget {
  /** Without a slash at its end; buckets go into the path. */
  readonly endpoint: string
  readonly caFile: string
  readonly region: string
  readonly bucket: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken: string
  }
}

/** What is to be put: all files of a folder, below a prefix of their own. */
export interface UploadJob {
  readonly target: UploadTarget
  readonly folder: string
  readonly names: readonly string[]
  readonly prefix: string
  /** For files that a tool needs. */
  readonly workshop: string
}

export type ToolName = 'aws' | 'rclone' | 's3cmd' | 'curl'

/** The tools that people use today, each set for many small files as its manual says it can be. */
const tools: Readonly<Record<ToolName, (job: UploadJob) => ClientCommand>> = { aws, rclone, s3cmd, curl }

export const toolNames = Object.keys(tools) as ToolName[]
export const foundTools: ReadonlySet<ToolName> = new Set(toolNames.filter(hasProgram))

export function uploadWith(tool: ToolName, job: UploadJob): ClientCommand {
  return tools[tool](job)
}

function aws({ target, folder, prefix }: UploadJob): ClientCommand {
  const { endpoint, caFile, bucket } = target
  const quiet = ['--only-show-errors', '--no-progress']
  const args = [
    's3',
    'sync',
    folder,
    `s3://${bucket}/${prefix}`,
    ...quiet,
    '--endpoint-url',
    endpoint,
    '--ca-bundle',
    caFile,
  ]
  return { command: ['aws', ...args], env: environment(target) }
}

function rclone({ target, folder, prefix }: UploadJob): ClientCommand {
  const { endpoint, caFile, bucket, region } = target
  const tuned = ['--transfers', '16', '--s3-no-check-bucket', '--s3-no-head', '--s3-disable-checksum']
  // Without --no-check-dest it could not find that there is nothing new.
  const comparing = prefix === seenPrefix ? ['--size-only', '--fast-list', '--checkers', '16'] : ['--no-check-dest']
  return {
    command: ['rclone', 'copy', folder, `sink:${bucket}/${prefix}`, ...tuned, ...comparing, '--ca-cert', caFile],
    env: {
      ...environment(target),
      RCLONE_CONFIG: '/dev/null',
      RCLONE_CONFIG_SINK_TYPE: 's3',
      RCLONE_CONFIG_SINK_PROVIDER: 'Other',
      RCLONE_CONFIG_SINK_ENV_AUTH: 'true',
      RCLONE_CONFIG_SINK_REGION: region,
      RCLONE_CONFIG_SINK_ENDPOINT: endpoint,
    },
  }
}

/** Of files that are there already. */
export const seenPrefix = 'seen'

function s3cmd({ target, folder, prefix, workshop }: UploadJob): ClientCommand {
  const { endpoint, caFile, bucket, credentials } = target
  const { host, protocol } = new URL(endpoint)
  const config = join(workshop, 's3cfg')
  const settings = {
    access_key: credentials.accessKeyId,
    secret_key: credentials.secretAccessKey,
    access_token: credentials.sessionToken,
    host_base: host,
    host_bucket: host,
    use_https: protocol === 'https:' ? 'True' : 'False',
    ca_certs_file: caFile,
    check_ssl_hostname: 'False',
    multipart_chunk_size_mb: '16',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  writeFileSync(config, `[default]\n${lines.join('\n')}\n`)
  return {
    command: ['s3cmd', '-c', config, '-q', '--no-check-md5', 'sync', `${folder}/`, `s3://${bucket}/${prefix}/`],
  }
}

function curl({ target, folder, names, prefix, workshop }: UploadJob): ClientCommand {
  const { endpoint, caFile, region, bucket, credentials } = target
  const isOne = names.length === 1
  const headers = [
    'x-amz-content-sha256: UNSIGNED-PAYLOAD',
    `x-amz-security-token: ${credentials.sessionToken}`,
    'if-none-match: *',
  ].flatMap((header) => ['-H', header])
  const signing = [
    '--aws-sigv4',
    `aws:amz:${region}:s3`,
    '-u',
    `${credentials.accessKeyId}:${credentials.secretAccessKey}`,
  ]
  const common = ['-sS', '--fail', '--cacert', caFile, ...headers]
  // A large file goes as `curl -T` alone, which is the most that the line gives.
  if (isOne) {
    const url = `${endpoint}/${bucket}/${prefix}/${names[0]}`
    return { command: ['curl', '-sS', '--fail', '--cacert', caFile, '-T', join(folder, names[0] ?? ''), url] }
  }
  const config = join(workshop, `curl-${prefix}`)
  const transfers = names.map(
    (name) =>
      `upload-file = "${join(folder, name)}"\nurl = "${endpoint}/${bucket}/${prefix}/${name}"\noutput = "/dev/null"`,
  )
  writeFileSync(config, transfers.join('\n'))
  return { command: ['curl', '-Z', '--parallel-max', '16', ...common, ...signing, '-K', config] }
}

function environment({ credentials, region }: UploadTarget): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  }
}
