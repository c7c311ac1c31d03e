import type { Upload } from '../storage/open-uploads.ts'
import type { XmlFields } from '../xml/write-xml.ts'

export function describeInitiator({ initiator }: Upload): XmlFields {
  return { ID: initiator, DisplayName: initiator.slice(initiator.lastIndexOf('/') + 1) }
}
