import { randomBytes } from 'node:crypto'
import { constants, createWriteStream } from 'node:fs'
import { access, copyFile, link, open, rename, rm } from 'node:fs/promises'
import { get as getHttp, type IncomingMessage } from 'node:http'
import { get as getHttps } from 'node:https'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { explainConnectionFailure } from '../../explain-connection-failure.ts'
import { OperatorError } from '../../operator-error.ts'

export interface SaveOptions {
  /** Takes the place of a file that is there. */
  readonly force: boolean
  readonly sizeBytes: number | undefined
}

const quietMs = 60_000

/**
 * Gets a URL's bytes as they are stored into a file, which has its name only once it is whole. Throws FILE_UNWRITABLE,
 * API_UNREACHABLE, AWS_REFUSED.
 */
export async function saveUrl(url: URL, file: string, { force, sizeBytes }: SaveOptions): Promise<void> {
  if (!force && (await isThere(file))) throw alreadyThere(file)
  const unfinished = join(dirname(file), `.thingdrop-${randomBytes(8).toString('hex')}.part`)
  try {
    const opened = await open(unfinished, 'wx').catch(refuse(file))
    const response = await openUrl(url).catch(async (error) => {
      await opened.close()
      throw error
    })
    const written = createWriteStream(unfinished, { fd: opened, flush: true })
    await pipeline(response, written).catch((error) => {
      throw error?.syscall === 'write' ? unwritable(file, error) : explainConnectionFailure(url, error)
    })
    if (sizeBytes !== undefined && written.bytesWritten !== sizeBytes) {
      throw new OperatorError('AWS_REFUSED', `${written.bytesWritten} bytes came where the log has ${sizeBytes}`, {
        hint: 'the object is another one by now, or was cut: run it again',
      })
    }
    if (force) await rename(unfinished, file).catch(refuse(file))
    else await giveName(unfinished, file).catch(refuse(file))
  } finally {
    await rm(unfinished, { force: true })
  }
}

/** A link takes the place of nothing; file systems without links copy. */
async function giveName(unfinished: string, file: string): Promise<void> {
  await link(unfinished, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw error
    return copyFile(unfinished, file, constants.COPYFILE_EXCL)
  })
}

/** Not fetch, which unpacks what is stored packed. */
async function openUrl(url: URL): Promise<IncomingMessage> {
  const get = url.protocol === 'http:' ? getHttp : getHttps
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = get(url, resolve).on('error', reject)
    request.setTimeout(quietMs, () => request.destroy(new DOMException('nothing came', 'TimeoutError')))
  }).catch((error) => {
    throw explainConnectionFailure(url, error)
  })
  if (response.statusCode === 200) return response
  let body = ''
  for await (const part of response.setEncoding('utf8')) if (body.length < 4096) body += part
  const code = /<Code>(\w{1,64})<\/Code>/.exec(body)?.[1] ?? `HTTP status ${response.statusCode}`
  throw new OperatorError('AWS_REFUSED', `S3 does not give the file: ${code}`, {
    hint: code === 'NoSuchKey' ? 'it was removed just now' : undefined,
    status: response.statusCode,
  })
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

function refuse(file: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    throw error.code === 'EEXIST' ? alreadyThere(file) : unwritable(file, error)
  }
}

function alreadyThere(file: string): OperatorError {
  return new OperatorError('FILE_UNWRITABLE', `${file} is there already`, {
    hint: '--out names another file, --force takes its place',
  })
}

function unwritable(file: string, cause: NodeJS.ErrnoException): OperatorError {
  return new OperatorError('FILE_UNWRITABLE', `${file} cannot be written: ${cause.code}`, {
    hint: 'check the folder, its rights and the space that is left',
    cause,
  })
}
