import type { RegistrationRules } from '#contract/registration-rules.ts'
import type { DeviceAccess } from './device-access.ts'

/** Lambda takes 4 KB of environment for a function (Lambda quotas); the rest of ours needs less than half of that. */
const maxRulesBytes = 2500

/** How the rules, and what the stack has, come to the functions that decide by them. Throws when the rules are too long. */
export function registrationEnvironment(
  rules: RegistrationRules,
  { thingTypeNames, thingGroupNames }: DeviceAccess,
): Record<string, string> {
  const json = JSON.stringify(rules)
  if (Buffer.byteLength(json) > maxRulesBytes) {
    throw new Error(
      `the setting registration has ${Buffer.byteLength(json)} bytes, and ${maxRulesBytes} fit: use patterns, or reject single certificates with thingdrop certificates reject`,
    )
  }
  return {
    REGISTRATION_RULES: json,
    THING_TYPES: JSON.stringify(thingTypeNames),
    THING_GROUPS: JSON.stringify(thingGroupNames),
  }
}
