import fc from 'fast-check'
import { expect, test } from 'vitest'
import { orderByDependency } from './order-by-dependency.ts'
import { planStack } from './plan-stack.ts'
import { parseTemplate } from './template.ts'

const pseudo = { 'AWS::AccountId': '000000000000', 'AWS::Region': 'us-east-1', 'AWS::StackName': 'S' }
const queue = (properties: object = {}, more: object = {}) => ({
  Type: 'AWS::SQS::Queue',
  Properties: properties,
  ...more,
})

function plan(Resources: object, more: object = {}, parameters = {}) {
  return planStack(parseTemplate({ Resources, ...more }), pseudo, parameters)
}

test('each resource comes after those that it needs', () => {
  const { resources } = plan({
    First: queue({ RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] }, maxReceiveCount: 1 } }),
    Dead: queue({}, { DependsOn: 'Last' }),
    Last: queue({ QueueName: { 'Fn::Sub': `\${AWS::StackName}-\${Other.QueueName}` } }),
    Other: queue(),
  })
  expect(resources.map(({ logicalId }) => logicalId)).toEqual(['Other', 'Last', 'Dead', 'First'])
})

test('every problem is named before anything is created', () => {
  const resources = {
    Server: { Type: 'AWS::EC2::Instance' },
    Typo: queue({ VisibilityTimeOut: 30 }),
    Text: queue({ VisibilityTimeout: 'soon' }),
    Absent: queue({ QueueName: { Ref: 'Nobody' } }),
    Waits: queue({}, { DependsOn: ['Nothing'] }),
    Attribute: queue({ QueueName: { 'Fn::GetAtt': ['Absent', 'Name'] } }),
  }
  const problems = [
    'Resources.Server: the embedded cloud has no resource type AWS::EC2::Instance',
    'Resources.Typo.(AWS::SQS::Queue): Unrecognized key: "VisibilityTimeOut"',
    'Resources.Text.(AWS::SQS::Queue).VisibilityTimeout: Invalid input',
    "Resources.Absent.Properties.QueueName.Ref: there is no parameter or resource 'Nobody'",
    "Resources.Waits: depends on 'Nothing', which is not there",
    "Resources.Attribute.Properties.QueueName.Fn::GetAtt: there is no attribute 'Name' of a resource 'Absent'",
    "Outputs.Wrong.Ref: there is no parameter or resource 'Nobody'",
  ]
  expect(() => plan(resources, { Outputs: { Wrong: { Value: { Ref: 'Nobody' } } } })).toThrow(
    expect.objectContaining({ problems }),
  )
})

test('a circle of dependencies is shown', () => {
  const to = (id: string) => queue({ QueueName: { Ref: id } })
  expect(() => plan({ A: to('B'), B: to('C'), C: to('B') })).toThrow('Circular dependency: B → C → B')
})

test('what a template may not have is refused with its place', () => {
  expect(() => plan({}, { Transform: 'AWS::Serverless-2016-10-31' })).toThrow('Unrecognized key: "Transform"')
  expect(() => plan({ Q: queue({}, { DeletionPolicy: 'Snapshot' }) })).toThrow('Resources.Q.DeletionPolicy')
  expect(() => plan({ Q: queue({}, { CreationPolicy: {} }) })).toThrow('Resources.Q: Unrecognized key')
})

test('conditions leave resources out, and parameters have values', () => {
  const conditions = {
    Parameters: { Stage: { Type: 'String', Default: 'test', AllowedValues: ['test', 'live'] } },
    Conditions: {
      IsLive: { 'Fn::Equals': [{ Ref: 'Stage' }, 'live'] },
      IsTest: { 'Fn::And': [{ 'Fn::Not': [{ Condition: 'IsLive' }] }, { 'Fn::Or': [{ 'Fn::Equals': [1, 1] }] }] },
    },
  }
  const resources = { Live: queue({}, { Condition: 'IsLive' }), Test: queue({}, { Condition: 'IsTest' }) }
  const idsFor = (parameters: object) => plan(resources, conditions, parameters).resources.map((r) => r.logicalId)
  expect(idsFor({})).toEqual(['Test'])
  expect(idsFor({ Stage: 'live' })).toEqual(['Live'])
  expect(() => idsFor({ Stage: 'x' })).toThrow('Parameters.Stage: "x" is not among the allowed values')
  expect(() => idsFor({ Other: 1 })).toThrow('Parameters.Other: the template has no such parameter')
  expect(() => plan({}, { Parameters: { Needed: { Type: 'String' } } })).toThrow('Parameters.Needed: has no default')
})

test('any acyclic graph is ordered whole', () => {
  const graph = fc.array(fc.array(fc.nat(20), { maxLength: 4 }), { maxLength: 20 })
  fc.assert(
    fc.property(graph, (edges) => {
      const resources = edges.map((targets, index) => ({
        logicalId: `r${index}`,
        dependsOn: new Set(targets.filter((target) => target < index).map((target) => `r${target}`)),
      }))
      const order = orderByDependency(resources.toReversed()).map(({ logicalId }) => logicalId)
      expect(order).toHaveLength(resources.length)
      for (const { logicalId, dependsOn } of resources) {
        for (const id of dependsOn) expect(order.indexOf(id)).toBeLessThan(order.indexOf(logicalId))
      }
    }),
  )
})
