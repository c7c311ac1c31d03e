import { type Facts, foundIn } from './facts.ts'
import { allowLongerSessions, createAlias, removeDenial, restoreStack, restoreTrust, updateAlias } from './mends.ts'
import { trustsCredentialsProvider } from './policy-documents.ts'
import { breaks, findUntold, holds, type Verdict } from './verdict.ts'

/** Whether the role alias leads to the devices' role. */
export function explainRoleAlias(facts: Facts): Verdict {
  const { names, stack } = facts
  const untold = findUntold(stack.alias)
  if (untold) return untold
  const alias = foundIn(stack.alias)
  const name = `the role alias ${names.roleAlias}`
  if (!alias) return breaks(`${name} is not there`, createAlias(facts))
  if (alias.roleArn !== names.roleArn) {
    return breaks(`${name} does not lead to the devices’ role, ${names.roleName}`, updateAlias(facts))
  }
  return holds(`${name} leads to the role ${names.roleName}`)
}

/** Whether the devices' role gives out credentials that work for this certificate. */
export function explainRole(facts: Facts): Verdict {
  const { names, stack } = facts
  const untold = findUntold(stack.role, stack.rolePolicies)
  if (untold) return untold
  const role = foundIn(stack.role)
  const name = `the role ${names.roleName}`
  if (!role) return breaks(`${name} is not there`, restoreStack)
  if (!trustsCredentialsProvider(role.trust)) {
    return breaks(`${name} does not trust AWS IoT’s credentials provider`, restoreTrust(facts))
  }
  const seconds = foundIn(stack.alias)?.sessionSeconds
  if (seconds !== undefined && seconds > role.maxSessionSeconds) {
    const finding = `the role alias asks for ${seconds} seconds, and ${name} gives ${role.maxSessionSeconds} at most`
    return breaks(finding, allowLongerSessions(facts, seconds))
  }
  const policies = foundIn(stack.rolePolicies) ?? []
  if (policies.every((policy) => policy.startsWith('revoked-'))) {
    return breaks(`${name} has no policy that lets devices write`, restoreStack)
  }
  const denial = findDenial(facts)
  if (denial === undefined) return holds(`${name} trusts AWS IoT’s credentials provider`)
  const isRevoked = foundIn(facts.certificate.entry)?.state === 'revoked'
  return isRevoked
    ? holds(`${name} trusts AWS IoT’s credentials provider, and denies what the revoked certificate was given`)
    : breaks(`${name} denies everything to credentials of this certificate`, removeDenial(facts, denial))
}

/** The policy of the role that denies everything to this certificate's credentials (functions/registry/device-sessions.ts). */
export function findDenial({ certificateId, stack }: Facts): string | undefined {
  return certificateId === undefined
    ? undefined
    : foundIn(stack.rolePolicies)?.find((name) => name.startsWith('revoked-') && name.endsWith(`-${certificateId}`))
}
