import type {
  AttachPolicyRequest,
  AttachPrincipalPolicyRequest,
  DetachPolicyRequest,
  DetachPrincipalPolicyRequest,
  GetEffectivePoliciesRequest,
  GetEffectivePoliciesResponse,
  ListAttachedPoliciesRequest,
  ListAttachedPoliciesResponse,
  ListPolicyPrincipalsRequest,
  ListPolicyPrincipalsResponse,
  ListPrincipalPoliciesRequest,
  ListPrincipalPoliciesResponse,
  ListTargetsForPolicyRequest,
  ListTargetsForPolicyResponse,
} from '@aws-sdk/client-iot'
import { notImplemented } from '#local/service.ts'
import type { Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { limitExceeded } from './errors.ts'
import { type Page, pageNames, readPage } from './pages.ts'
import { findPolicy } from './policies.ts'
import { findCertificatePrincipal, findTarget } from './principals.ts'
import { ancestorsOf } from './thing-groups.ts'

/** Policies attached to one target: AWS IoT Core and AWS IoT Device Management quotas. */
const maxPolicies = { certificate: 10, thingGroup: 2 }

interface PageInput {
  readonly marker?: string | undefined
  readonly pageSize?: number | undefined
}

export function createPolicyAttachmentOperations(registry: Registry) {
  const { policyTargets, arn } = registry

  function attach(policyName: string, to: string): void {
    findPolicy(registry, policyName)
    const target = findTarget(to, registry)
    const attached = policyTargets.leftsOf(target.arn)
    if (attached.includes(policyName)) return
    if (attached.length >= maxPolicies[target.kind]) {
      throw limitExceeded(`At most ${maxPolicies[target.kind]} policies can be attached (target=${target.arn})`)
    }
    policyTargets.add(policyName, target.arn)
  }

  /** Succeeds when the policy is not attached. */
  function detach(policyName: string, from: string): void {
    findPolicy(registry, policyName)
    policyTargets.remove(policyName, findTarget(from, registry).arn)
  }

  function attachedTo(of: string, recursive: boolean): string[] {
    const target = findTarget(of, registry)
    const parents = recursive && target.kind === 'thingGroup' ? ancestorsOf(registry, target.group) : []
    const targets = [target.arn, ...parents.map((group) => arn.thingGroup(group.thingGroupName))]
    return [...new Set(targets.flatMap((to) => policyTargets.leftsOf(to)))]
  }

  function targetsOf(policyName: string, { marker, pageSize }: PageInput): Page<string> {
    findPolicy(registry, policyName)
    return readPage({
      token: marker,
      limit: pageSize,
      read: (after, limit) => policyTargets.rightsOf(policyName, { after, limit }),
      cursorOf: (target) => target,
    })
  }

  const certificateArn = (principal: string) =>
    arn.certificate(findCertificatePrincipal(principal, registry).certificateId)

  const toPolicies = ({ rows, next }: Page<string>) => ({
    policies: rows.map((policyName) => ({ policyName, policyArn: arn.policy(policyName) })),
    nextMarker: next,
  })

  return {
    AttachPolicy: ({ policyName, target }: Checked<AttachPolicyRequest>): void => attach(policyName, target),
    DetachPolicy: ({ policyName, target }: Checked<DetachPolicyRequest>): void => detach(policyName, target),
    AttachPrincipalPolicy: ({ policyName, principal }: Checked<AttachPrincipalPolicyRequest>): void =>
      attach(policyName, certificateArn(principal)),
    DetachPrincipalPolicy: ({ policyName, principal }: Checked<DetachPrincipalPolicyRequest>): void =>
      detach(policyName, certificateArn(principal)),

    ListAttachedPolicies(input: Checked<ListAttachedPoliciesRequest>): ListAttachedPoliciesResponse {
      return toPolicies(pageNames(attachedTo(input.target, input.recursive ?? false), input.marker, input.pageSize))
    },

    ListPrincipalPolicies(input: Checked<ListPrincipalPoliciesRequest>): ListPrincipalPoliciesResponse {
      return toPolicies(pageNames(attachedTo(certificateArn(input.principal), false), input.marker, input.pageSize))
    },

    ListTargetsForPolicy(input: Checked<ListTargetsForPolicyRequest>): ListTargetsForPolicyResponse {
      const page = targetsOf(input.policyName, input)
      return { targets: [...page.rows], nextMarker: page.next }
    },

    ListPolicyPrincipals(input: Checked<ListPolicyPrincipalsRequest>): ListPolicyPrincipalsResponse {
      const page = targetsOf(input.policyName, input)
      return { principals: [...page.rows], nextMarker: page.next }
    },

    GetEffectivePolicies(input: Checked<GetEffectivePoliciesRequest>): GetEffectivePoliciesResponse {
      if (input.cognitoIdentityPoolId !== undefined)
        throw notImplemented('GetEffectivePolicies with cognitoIdentityPoolId')
      if (input.principal === undefined) throw notImplemented('GetEffectivePolicies without principal')
      const target = findTarget(input.principal, registry)
      if (target.kind !== 'certificate') throw notImplemented('GetEffectivePolicies of a thing group')
      const { certificateId } = target.certificate
      return { effectivePolicies: registry.effectivePolicies(certificateId, input.thingName) }
    },
  }
}
