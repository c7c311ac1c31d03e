import { z } from 'zod'
import { TemplateError } from './template-error.ts'

const logicalIds = z.union([z.string().transform((id) => [id]), z.array(z.string())])
const deletionPolicy = z.enum(['Delete', 'Retain', 'RetainExceptOnCreate'])

const resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: logicalIds.default([]),
  Condition: z.string().optional(),
  DeletionPolicy: deletionPolicy.default('Delete'),
  UpdateReplacePolicy: deletionPolicy.default('Delete'),
  Metadata: z.unknown().optional(),
})

const parameter = z.object({
  Type: z.string(),
  Default: z.unknown().optional(),
  AllowedValues: z.array(z.unknown()).optional(),
})

const output = z.strictObject({
  Value: z.unknown().optional(),
  Description: z.string().optional(),
  Export: z.unknown().optional(),
  Condition: z.string().optional(),
})

const template = z.strictObject({
  AWSTemplateFormatVersion: z.literal('2010-09-09').optional(),
  Description: z.string().optional(),
  Metadata: z.unknown().optional(),
  Parameters: z.record(z.string(), parameter).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  // CDK's rule compares the bootstrap version, which has no meaning here; any other rule would be skipped silently.
  Rules: z.strictObject({ CheckBootstrapVersion: z.unknown().optional() }).optional(),
  Resources: z.record(z.string(), resource),
  Outputs: z.record(z.string(), output).default({}),
})

export type Template = z.infer<typeof template>
export type TemplateResource = z.infer<typeof resource>

/** Reads a CloudFormation template; what the deployer does not know is an error that names its path. */
export function parseTemplate(json: unknown): Template {
  const result = template.safeParse(json)
  if (!result.success) throw new TemplateError(result.error.issues.map((issue) => describeIssue(issue, [])))
  return result.data
}

export function describeIssue(issue: z.core.$ZodIssue, under: readonly string[]): string {
  return `${[...under, ...issue.path.map(String)].join('.') || 'template'}: ${issue.message}`
}
