import { link, lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { OperatorError } from '../operator-error.ts'

/** The files of one device, named as the device client reads them. */
export interface DeviceFiles {
  readonly folder: string
  readonly key: string
  readonly certificate: string
  readonly configuration: string
}

/**
 * The folder of a device below `out`, made (mode 0700) when it is not there. A thing's name is one segment of a path. A
 * link in its place would lead elsewhere and is refused. Throws FOLDER_UNUSABLE, as the others here.
 */
export async function openDeviceFiles(out: string, thingName: string): Promise<DeviceFiles> {
  const folder = join(out, thingName)
  return orUnusable(folder, async () => {
    await mkdir(folder, { mode: 0o700 }).then(
      () => syncFolder(out),
      (error) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
    if (!(await lstat(folder)).isDirectory()) throw new Error('it is no folder')
    return {
      folder,
      key: join(folder, 'device.key'),
      certificate: join(folder, 'device.pem'),
      configuration: join(folder, 'device.json'),
    }
  })
}

export async function readOptional(path: string): Promise<string | undefined> {
  return orUnusable(path, async () => {
    try {
      return await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  })
}

/** Replaces the file in one step (mode 0600): after a kill or a power cut it is the old one or the new one, whole. */
export async function writeDurably(path: string, content: string): Promise<void> {
  await orUnusable(path, async () => {
    const draft = await writeDraft(path, content)
    await rename(draft, path)
    await syncFolder(dirname(path))
  })
}

/**
 * What the file holds; when it is not there it is made first, in one step. Of two that make it at once one is kept, and a
 * draft that a kill left goes away.
 */
export async function readOrCreate(path: string, make: () => Promise<string>): Promise<string> {
  const kept = await readOptional(path)
  return orUnusable(path, async () => {
    if (kept !== undefined) {
      await rm(draftOf(path), { force: true })
      return kept
    }
    const draft = await writeDraft(path, await make())
    await link(draft, path).catch((error) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(draft, { force: true })
    await syncFolder(dirname(path))
    return readFile(path, 'utf8')
  })
}

/** Always of one name, so that the next run writes over what a kill left. */
const draftOf = (path: string) => `${path}.draft`

async function writeDraft(path: string, content: string): Promise<string> {
  const draft = draftOf(path)
  await writeFile(draft, content, { mode: 0o600, flush: true })
  return draft
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function orUnusable<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof OperatorError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    throw new OperatorError('FOLDER_UNUSABLE', `${path} cannot be used: ${code ?? message}`, { cause })
  }
}
