import type { Policy, PolicyVersion } from '@aws-sdk/client-iam'
import type { Directory } from '../directory.ts'
import type { PolicyRecord, PolicyVersionRecord } from '../records.ts'
import { encodeDocument } from './document.ts'
import { describeTags } from './tags.ts'

export function describePolicy(directory: Directory, policy: PolicyRecord): Policy {
  return {
    PolicyName: policy.name,
    PolicyId: policy.id,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.defaultVersionId,
    AttachmentCount: attachmentsOf(directory, policy.arn).length,
    PermissionsBoundaryUsageCount: boundedBy(directory, policy.arn).length,
    IsAttachable: true,
    ...(policy.description !== undefined && { Description: policy.description }),
    CreateDate: new Date(policy.createDate),
    UpdateDate: new Date(policy.updateDate),
    ...(Object.keys(policy.tags).length > 0 && { Tags: describeTags(policy.tags) }),
  }
}

/** Without the document, as the lists have it. */
export function describeVersion(policy: PolicyRecord, version: PolicyVersionRecord): PolicyVersion {
  return {
    VersionId: version.id,
    IsDefaultVersion: version.id === policy.defaultVersionId,
    CreateDate: new Date(version.createDate),
  }
}

export function describeVersionWithDocument(policy: PolicyRecord, version: PolicyVersionRecord): PolicyVersion {
  return { Document: encodeDocument(version.document), ...describeVersion(policy, version) }
}

export function attachmentsOf(directory: Directory, policyArn: string) {
  return directory.attachments.list().filter(({ value }) => value.policyArn === policyArn)
}

/** The users and roles whose permissions boundary the policy is. */
export function boundedBy(directory: Directory, policyArn: string) {
  const kinds = ['user', 'role'] as const
  return kinds.flatMap((kind) =>
    directory[kind]
      .list()
      .filter(({ value }) => value.boundaryArn === policyArn)
      .map(({ id, value }) => ({ id: `${kind}/${id}`, value: { kind, name: value.name, policyArn } })),
  )
}
