import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AwsError } from '#local/service.ts'

export type AssetStore = ReturnType<typeof createAssetStore>

const inlineBucket = 'inline-code'

/** Function code by its object key, which holds a hash of it: kept, so that a restart doesn't need the assembly. */
export function createAssetStore(folder: string) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })

  function locate(key: string): string {
    if (!/^[A-Za-z0-9][\w.-]*$/.test(key)) throw new AwsError('InvalidParameterValueException', `No asset key: ${key}`)
    return join(folder, key)
  }

  /** Fills a new folder and moves it into place, so that a cut-off copy never passes for code. */
  function publish(key: string, fill: (target: string) => void): void {
    const target = locate(key)
    if (existsSync(target)) return
    const unfinished = `${target}.unfinished`
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished)
    fill(unfinished)
    renameSync(unfinished, target)
  }

  return {
    publishFolder(key: string, source: string): void {
      if (!statSync(source).isDirectory()) throw new Error(`${source} is not a folder: zip files are not unpacked`)
      publish(key, (target) => cpSync(source, target, { recursive: true, dereference: true }))
    },
    publishInlineCode(source: string): { S3Bucket: string; S3Key: string } {
      const key = createHash('sha256').update(source).digest('hex')
      publish(key, (target) => writeFileSync(join(target, 'index.js'), source))
      return { S3Bucket: inlineBucket, S3Key: key }
    },
    /** The folder of the code that an upload to this key would hold. */
    find(key: string): string | undefined {
      const path = locate(key)
      return existsSync(path) ? path : undefined
    },
  }
}
