import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasProgram } from '../has-program.ts'
import { type ForeignCloud, startForeignCloud } from './foreign-cloud.ts'

let foreign: ForeignCloud

beforeAll(async () => {
  foreign = await startForeignCloud()
  await mkdir(join(foreign.folder, '.aws'))
  await writeFile(join(foreign.folder, '.aws', 'config'), '[default]\ns3 =\n  signature_version = s3v4\n')
})
afterAll(() => foreign?.close())

const aws = (...args: string[]) => foreign.run('aws', args)
const awsJson = async (...args: string[]) => JSON.parse(await aws(...args))
const file = (name: string) => join(foreign.folder, name)

test.skipIf(!hasProgram('aws'))(
  'aws s3: make, copy, synchronize, presign, list, remove (needs the AWS CLI)',
  async () => {
    await mkdir(file('site/sub'), { recursive: true })
    await writeFile(file('site/a.txt'), 'a')
    await writeFile(file('site/sub/ü b.json'), '{}')
    // Above the CLI's threshold of 8 MiB, so it goes in parts.
    const large = Buffer.alloc(9 << 20, 'large')
    await writeFile(file('large.bin'), large)

    expect(await aws('s3', 'mb', 's3://cli')).toBe('make_bucket: cli\n')
    const [uploaded, synchronized] = await Promise.all([
      aws('s3', 'cp', 'large.bin', 's3://cli/large.bin', '--no-progress'),
      aws('s3', 'sync', 'site', 's3://cli/site', '--no-progress'),
    ])
    expect(uploaded).toContain('upload: ./large.bin to s3://cli/large.bin')
    expect(synchronized.trim().split('\n')).toHaveLength(2)

    const [again, back, listed, url] = await Promise.all([
      aws('s3', 'sync', 'site', 's3://cli/site', '--no-progress'),
      aws('s3', 'cp', 's3://cli/large.bin', 'back.bin', '--no-progress'),
      aws('s3', 'ls', '--recursive', '--summarize', 's3://cli'),
      aws('s3', 'presign', 's3://cli/site/a.txt', '--expires-in', '60'),
    ])
    expect(again, 'nothing is left to synchronize').toBe('')
    expect(back).toContain('download: s3://cli/large.bin to ./back.bin')
    expect(large.equals(await readFile(file('back.bin')))).toBe(true)
    expect(listed).toMatch(/ 9437184 large\.bin\n.* 1 site\/a\.txt\n.* 2 site\/sub\/ü b\.json\n/)
    expect(listed).toMatch(/Total Objects: 3\s+Total Size: 9437187/)
    expect(await (await fetch(url.trim())).text()).toBe('a')
    expect(await aws('s3', 'rb', '--force', 's3://cli')).toContain('remove_bucket: cli')
  },
  120_000,
)

test.skipIf(!hasProgram('aws'))(
  'aws iot names what it makes, finds and misses (needs the AWS CLI)',
  async () => {
    const [thing, certificate] = await Promise.all([
      awsJson('iot', 'create-thing', '--thing-name', 'cam', '--attribute-payload', 'attributes={Owner=anna}'),
      awsJson('iot', 'create-keys-and-certificate', '--set-as-active', '--certificate-pem-outfile', 'cam.pem'),
      expect(aws('iot', 'describe-thing', '--thing-name', 'none')).rejects.toThrow('(ResourceNotFoundException)'),
    ])
    expect(thing.thingArn).toBe(`arn:aws:iot:us-east-1:${foreign.cloud.accountId}:thing/cam`)
    expect(await readFile(file('cam.pem'), 'utf8')).toBe(certificate.certificatePem)
    await aws('iot', 'attach-thing-principal', '--thing-name', 'cam', '--principal', certificate.certificateArn)
    expect(await aws('iot', 'list-thing-principals', '--thing-name', 'cam', '--output', 'text')).toBe(
      `PRINCIPALS\t${certificate.certificateArn}\n`,
    )
  },
  120_000,
)
