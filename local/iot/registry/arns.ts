import type { RegistryArns } from './types.ts'

export function createArns(region: string, accountId: string): RegistryArns {
  const arn = (type: string) => (name: string) => `arn:aws:iot:${region}:${accountId}:${type}/${name}`
  return {
    thing: arn('thing'),
    thingType: arn('thingtype'),
    thingGroup: arn('thinggroup'),
    certificate: arn('cert'),
    caCertificate: arn('cacert'),
    policy: arn('policy'),
    roleAlias: arn('rolealias'),
    topicRule: arn('rule'),
  }
}
