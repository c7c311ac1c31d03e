import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export class RuntimeError extends Error {
  constructor(name: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = name
  }
}

type Handler = (event: unknown, context: object) => unknown
type CallbackHandler = (event: unknown, context: object, done: (error: unknown, result: unknown) => void) => unknown

/** Finds what `Handler` names (`folder/file.export.member`) as Lambda's Node.js runtimes do. */
export async function loadHandler(root: string, name: string, runtime: string): Promise<Handler> {
  const [, path = '', member = ''] = /^((?:.*\/)?[^./]+)\.(.+)$/.exec(name) ?? []
  const file = ['.js', '.mjs', '.cjs'].map((extension) => join(root, path + extension)).find(existsSync)
  if (!file) throw new RuntimeError('Runtime.ImportModuleError', `Error: Cannot find module '${path || name}'`)
  const found = member.split('.').reduce<unknown>(readMember, await importModule(file))
  if (typeof found !== 'function') {
    throw new RuntimeError('Runtime.HandlerNotFound', `${name} is undefined or not exported`)
  }
  const takesCallback = found.length >= 3
  if (takesCallback && Number(/^nodejs(\d+)/.exec(runtime)?.[1]) >= 24) {
    const message =
      'AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.'
    throw new RuntimeError('Runtime.CallbackHandlerDeprecated', message)
  }
  return takesCallback ? awaitCallback(found as CallbackHandler) : (found as Handler)
}

async function importModule(file: string): Promise<unknown> {
  try {
    // require() starts a CommonJS bundle faster, and loads an ES module too unless it awaits at its top level.
    if (!file.endsWith('.mjs')) return createRequire(file)(file)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_REQUIRE_ASYNC_MODULE') throw wordImportError(cause)
  }
  return import(pathToFileURL(file).href).catch((cause) => Promise.reject(wordImportError(cause)))
}

function wordImportError(cause: unknown): unknown {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND') {
    return new RuntimeError('Runtime.ImportModuleError', `Error: ${message}`, { cause })
  }
  return cause instanceof SyntaxError
    ? new RuntimeError('Runtime.UserCodeSyntaxError', `SyntaxError: ${message}`, { cause })
    : cause
}

function readMember(from: unknown, name: string): unknown {
  return (from as Record<string, unknown> | undefined)?.[name]
}

function awaitCallback(handler: CallbackHandler): Handler {
  return (event, context) =>
    new Promise((resolve, reject) => {
      const done = (error: unknown, result: unknown) => (error ? reject(error) : resolve(result))
      const returned = handler(event, context, done)
      if (returned instanceof Promise) returned.then(resolve, reject)
    })
}
