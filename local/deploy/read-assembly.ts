import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const manifestSchema = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      properties: z
        .object({ templateFile: z.string().optional(), stackName: z.string().optional(), file: z.string().optional() })
        .optional(),
    }),
  ),
})

const assetsSchema = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    }),
  ),
  dockerImages: z.record(z.string(), z.unknown()).default({}),
})

export interface StackAssembly {
  readonly stackName: string
  readonly templateBody: string
  /** Folders of function code by the object key that the template names. */
  readonly codeFolders: readonly { readonly key: string; readonly folder: string }[]
}

/** Reads one stack of a CDK cloud assembly (`cdk.out`): its template and what its functions run. */
export function readAssembly(folder: string, stackName?: string): StackAssembly {
  const { artifacts } = manifestSchema.parse(readJson(join(folder, 'manifest.json')))
  const stacks = Object.entries(artifacts).flatMap(([id, { type, properties }]) =>
    type === 'aws:cloudformation:stack' && properties?.templateFile
      ? [{ name: properties.stackName ?? id, templateFile: properties.templateFile }]
      : [],
  )
  const [stack] = stackName ? stacks.filter(({ name }) => name === stackName) : stacks
  if (!stack || (!stackName && stacks.length > 1)) {
    throw new Error(
      `${folder} has the stacks ${stacks.map(({ name }) => name).join(', ') || '(none)'}: name one of them`,
    )
  }
  const templateBody = readFileSync(join(folder, stack.templateFile), 'utf8')
  const codeFolders = Object.values(artifacts)
    .filter(({ type }) => type === 'cdk:asset-manifest')
    .flatMap(({ properties }) => (properties?.file ? readCodeFolders(folder, properties.file) : []))
  return { stackName: stack.name, templateBody, codeFolders }
}

function readCodeFolders(folder: string, file: string): StackAssembly['codeFolders'] {
  const { files, dockerImages } = assetsSchema.parse(readJson(join(folder, file)))
  if (Object.keys(dockerImages).length > 0) throw new Error(`${file}: container images cannot be deployed here`)
  return Object.values(files).flatMap(({ source, destinations }) => {
    const { path, packaging } = source
    if (packaging !== 'zip' || !path) return []
    return Object.values(destinations).map(({ objectKey }) => ({ key: objectKey, folder: join(folder, path) }))
  })
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'))
}
