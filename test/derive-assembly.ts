import { mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Template {
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Record<string, unknown> }>
}

const templateName = 'Thingdrop.template.json'

/** A cloud assembly like another one, but for what `change` does to its template. The caller removes the folder. */
export async function deriveAssembly(assembly: string, change: (template: Template) => void): Promise<string> {
  const derived = await mkdtemp(join(tmpdir(), 'thingdrop-assembly-'))
  for (const entry of await readdir(assembly)) {
    if (entry !== templateName) await symlink(join(assembly, entry), join(derived, entry))
  }
  const template = await readTemplate(assembly)
  change(template)
  await writeFile(join(derived, templateName), JSON.stringify(template))
  return derived
}

export async function readTemplate(assembly: string): Promise<Template> {
  return JSON.parse(await readFile(join(assembly, templateName), 'utf8')) as Template
}
