import type { z } from 'zod'
import { AwsError } from '#local/service.ts'

/** Properties as a resource's schema reads them. */
// biome-ignore lint/suspicious/noExplicitAny: the registry of types holds many schemas
type Properties = any

export interface ProvisionedResource {
  /** What `Ref` returns. */
  readonly physicalId: string
  /** What `Fn::GetAtt` returns. */
  readonly attributes?: Readonly<Record<string, unknown>>
}

export interface DeployedResource<P = Properties> extends Required<ProvisionedResource> {
  readonly properties: P
}

export interface CustomResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete'
  readonly ServiceToken: string
  readonly PhysicalResourceId?: string
  readonly ResourceProperties: Readonly<Record<string, unknown>>
  readonly OldResourceProperties?: Readonly<Record<string, unknown>>
}

export interface ResourceContext {
  readonly logicalId: string
  readonly accountId: string
  readonly region: string
  /** An earlier try to create this resource was cut off, so it may exist already. */
  readonly resumed: boolean
  /** The physical name that CloudFormation would make; the same for each try of one resource. */
  generateName(maxLength: number): string
  /** Calls an operation of the embedded cloud as the stack's owner. */
  // biome-ignore lint/suspicious/noExplicitAny: outputs have the shape of the AWS API model
  call(service: string, operation: string, input: object): Promise<any>
  /** Keeps source text as the code asset of a function and returns where it is. */
  publishInlineCode(source: string): { S3Bucket: string; S3Key: string }
  requestCustomResource(request: CustomResourceRequest, timeoutSeconds: number): Promise<ProvisionedResource>
}

/** How the deployer handles one CloudFormation resource type. */
export interface ResourceType<P = Properties> {
  /** Which properties the embedded cloud knows; the others are refused before anything is created. */
  readonly schema: z.ZodType<P>
  /** Attributes for `Fn::GetAtt`; `any` for custom resources. */
  readonly attributes: readonly string[] | 'any'
  /** A change of these properties makes a new resource, as CloudFormation's documentation says ("Replacement"). */
  readonly replacedBy: readonly (keyof P & string)[]
  create(properties: P, context: ResourceContext): Promise<ProvisionedResource>
  update(properties: P, deployed: DeployedResource<P>, context: ResourceContext): Promise<ProvisionedResource>
  remove(deployed: DeployedResource<P>, context: ResourceContext): Promise<void>
}

/** Ties the handlers of a resource type to the type that its schema reads. */
export function defineResource<P>(type: ResourceType<P>): ResourceType {
  return type
}

const existsCode = /AlreadyExists|AlreadyOwnedByYou|QueueNameExists|ResourceInUse|ResourceConflict|Conflict/

/** Creates a resource, or takes over the one that a cut-off try left behind. */
export async function createOrAdopt<T>(
  context: ResourceContext,
  create: () => Promise<T>,
  adopt: () => Promise<T>,
): Promise<T> {
  try {
    return await create()
  } catch (error) {
    if (context.resumed && error instanceof AwsError && existsCode.test(error.code)) return adopt()
    throw error
  }
}

const absentCode = /NotFound|NoSuch|NonExistent|DoesNotExist/

/** A removal that was cut off may run again: what is gone already is fine. */
export async function ignoreAbsent(removal: Promise<unknown>): Promise<void> {
  try {
    await removal
  } catch (error) {
    if (!(error instanceof AwsError && absentCode.test(error.code))) throw error
  }
}
