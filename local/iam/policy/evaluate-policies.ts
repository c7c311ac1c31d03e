import type { ConditionContext } from '#local/service.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { contextLookup } from './context-lookup.ts'
import { matchStatement } from './match-statement.ts'

export type Outcome = 'allow' | 'explicit-deny' | 'implicit-deny'

/**
 * Decides by policies that are attached to whoever asks and name no principal, such as those of AWS IoT:
 * `evaluatePolicies([compilePolicy(document)], { action: 'iot:Connect', resource: 'arn:aws:iot:…:client/a', context: { 'iot:ClientId': 'a' } })`.
 * Variables (`${iot:ClientId}`) and condition keys are read from the context, without regard to the case of their names.
 */
export function evaluatePolicies(
  policies: readonly CompiledPolicy[],
  { action, resource, context }: { action: string; resource: string; context: ConditionContext },
): Outcome {
  const request = { action, resource, lookup: contextLookup(context) }
  let outcome: Outcome = 'implicit-deny'
  for (const { statements } of policies)
    for (const statement of statements) {
      if (matchStatement(statement, request) === undefined) continue
      if (statement.effect === 'Deny') return 'explicit-deny'
      outcome = 'allow'
    }
  return outcome
}
