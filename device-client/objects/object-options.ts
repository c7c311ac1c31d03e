import { DeviceFault } from '../device-fault.ts'
import type { CompressionFormat } from './compression.ts'

/** What files become at S3, beside their content. */
export interface ObjectOptions {
  /** User-defined metadata: names, and templates of their values. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Object tags, likewise. The things' role must allow s3:PutObjectTagging. */
  readonly tags?: Readonly<Record<string, string>>
  /** Sends files compressed, under a name that says so, but for those that are already. */
  readonly compress?: CompressionFormat | undefined
}

/** What a template may speak of. */
export interface TemplateValues {
  readonly thing: string
  /** Without folders. */
  readonly name: string
  /** Below the directory that is sent, else the name. */
  readonly path: string
  /** The folder of `path`; empty at the top. */
  readonly dir: string
  /** When it was changed, ISO 8601. */
  readonly mtime: string
  /** In bytes. */
  readonly size: string
}

const variables: readonly (keyof TemplateValues)[] = ['thing', 'name', 'path', 'dir', 'mtime', 'size']
/** S3 user guide, "Categorizing your storage using tags". */
const limits = { tags: 10, tagNameChars: 128, tagValueChars: 256 }
const metadataName = /^[a-z0-9][a-z0-9._-]*$/

/** Throws OBJECT_OPTIONS_INVALID for a name or a template that could not be used. */
export function checkObjectOptions({ metadata = {}, tags = {} }: ObjectOptions): void {
  for (const name of Object.keys(metadata)) {
    if (!metadataName.test(name)) throw invalid(`${JSON.stringify(name)} is no name of metadata: a-z, 0-9, ., _ and -`)
    if (name === 'path') throw invalid('the metadata "path" is the path below the directory')
  }
  if (Object.keys(tags).length > limits.tags) throw invalid(`S3 takes at most ${limits.tags} tags`)
  for (const name of Object.keys(tags)) {
    const isGood = name !== '' && name.length <= limits.tagNameChars && cleanTag(name) === name && !/^aws:/i.test(name)
    if (!isGood) throw invalid(`${JSON.stringify(name)} is no name of a tag`)
  }
  for (const template of [...Object.values(metadata), ...Object.values(tags)]) {
    for (const [, variable] of template.matchAll(/\{([^}]*)\}/g)) {
      if (!variables.some((known) => known === variable)) {
        throw invalid(
          `{${variable}} is nothing that a template knows: ${variables.map((name) => `{${name}}`).join(' ')}`,
        )
      }
    }
  }
}

/** The headers that say of an object what the options ask for. */
export function formatObjectHeaders(
  { metadata = {}, tags = {} }: ObjectOptions,
  values: TemplateValues,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, template] of Object.entries(metadata)) {
    headers[`x-amz-meta-${name}`] = encodeMetadata(fill(template, values))
  }
  const query = Object.entries(tags).map(([name, template]) => {
    const value = cleanTag(fill(template, values)).slice(0, limits.tagValueChars)
    return `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
  })
  return query.length === 0 ? headers : { ...headers, 'x-amz-tagging': query.join('&') }
}

function fill(template: string, values: TemplateValues): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name as keyof TemplateValues] ?? whole)
}

/** Metadata is ASCII (Amazon S3 user guide, "User-defined object metadata"): what is not is percent-encoded, and the percent sign. */
function encodeMetadata(value: string): string {
  return value.replace(/[^\x20-\x24\x26-\x7e]+/g, encodeURIComponent)
}

/** Tags take letters, digits, spaces and + - = . _ : / @ */
function cleanTag(text: string): string {
  return text.replace(/[^\p{L}\p{N} +\-=._:/@]/gu, '_')
}

function invalid(message: string): DeviceFault {
  return new DeviceFault('OBJECT_OPTIONS_INVALID', message)
}
