import type { Tagging } from '@aws-sdk/client-s3'
import { taggingShape } from '../bucket/configuration-shapes.ts'
import { checkTags } from '../object/object-tags.ts'
import { s3Error } from '../s3-error.ts'
import type { Headers } from '../s3-request.ts'
import type { Tags } from '../storage/object-version.ts'
import { parseXml } from '../xml/parse-xml.ts'
import { decodeXml } from '../xml/shape.ts'
import type { FormData } from './parse-form-data.ts'

/** The key that a form names; `${filename}` stands for the name that the file had. */
export function parseKeyField({ fields, file }: FormData): string {
  const template = fields.get('key')
  if (!template) {
    const message =
      "Bucket POST must contain a field named 'key'. If it is specified, please check the order of the fields."
    throw s3Error('InvalidArgument', { ArgumentName: 'key' }, { message })
  }
  const key = template.replace(/\$\{filename\}/g, () => file.name.slice(file.name.lastIndexOf('/') + 1))
  const bytes = Buffer.byteLength(key)
  if (bytes > 1024) throw s3Error('KeyTooLongError', { Size: String(bytes), MaxSizeAllowed: '1024' })
  return key
}

/** Fields that are named as headers mean the same; octets of text stand as they would in a header. */
export function formHeaders({ fields }: FormData): Headers {
  const headers: Record<string, string> = {}
  for (const [name, value] of fields) headers[name] = Buffer.from(value).toString('latin1')
  if (fields.has('acl')) headers['x-amz-acl'] = fields.get('acl') ?? ''
  return headers
}

export function parseTaggingField(text: string | undefined): Tags {
  if (!text) return {}
  const { TagSet = [] } = decodeXml(parseXml(text), taggingShape) as Tagging
  return checkTags(TagSet)
}
