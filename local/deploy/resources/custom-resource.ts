import { z } from 'zod'
import { integer } from '../property-schemas.ts'
import { type CustomResourceRequest, defineResource } from '../resource-type.ts'

const schema = z.looseObject({ ServiceToken: z.string(), ServiceTimeout: integer.default(3600) })
type Properties = z.infer<typeof schema>

/** `AWS::CloudFormation::CustomResource` and `Custom::…`: a function of the stack does the work. */
export const customResource = defineResource<Properties>({
  schema,
  attributes: 'any',
  replacedBy: ['ServiceToken'],
  create: (properties, context) =>
    context.requestCustomResource(request('Create', properties), properties.ServiceTimeout),
  update: (properties, deployed, context) =>
    context.requestCustomResource(
      {
        ...request('Update', properties),
        PhysicalResourceId: deployed.physicalId,
        OldResourceProperties: resourceProperties(deployed.properties),
      },
      properties.ServiceTimeout,
    ),
  async remove({ physicalId, properties }, context) {
    const removal = { ...request('Delete', properties), PhysicalResourceId: physicalId }
    await context.requestCustomResource(removal, properties.ServiceTimeout)
  },
})

function request(RequestType: CustomResourceRequest['RequestType'], properties: Properties) {
  return { RequestType, ServiceToken: properties.ServiceToken, ResourceProperties: resourceProperties(properties) }
}

/** CloudFormation hands every scalar to the function as text. */
function resourceProperties({ ServiceTimeout: _ours, ...properties }: Properties): Record<string, unknown> {
  return textify(properties) as Record<string, unknown>
}

function textify(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(textify)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, textify(item)]))
  }
  return String(value)
}
