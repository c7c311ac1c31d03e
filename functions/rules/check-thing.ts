import { Fault } from '#contract/fault.ts'
import type { RegistrationRules } from '#contract/registration-rules.ts'
import { matchesGlob } from './match-glob.ts'

/** What the stack has: the first thing type is the default. */
export interface Catalog {
  readonly thingTypeNames: readonly string[]
  readonly thingGroupNames: readonly string[]
}

export interface WantedThing {
  readonly thingName: string
  readonly thingTypeName?: string | undefined
  readonly thingGroupName?: string | undefined
}

/** Refuses, while an operator is there to read it, what could never register. Throws THING_NAME_REFUSED, THING_TYPE_UNKNOWN, THING_GROUP_UNKNOWN. */
export function checkThing(
  { thingName, thingTypeName, thingGroupName }: WantedThing,
  rules: RegistrationRules,
  { thingTypeNames, thingGroupNames }: Catalog,
): void {
  if (!isThingNameAllowed(thingName, rules)) {
    throw new Fault('THING_NAME_REFUSED', `the registration rules let no ${thingName} in`, {
      hint: `names are like ${rules.thingNames}; see the stack's setting registration`,
    })
  }
  if (thingTypeName !== undefined && !thingTypeNames.includes(thingTypeName)) {
    throw new Fault('THING_TYPE_UNKNOWN', `the stack has no thing type ${thingTypeName}`, {
      hint: `it has ${thingTypeNames.join(', ')}; add others to its setting thingTypes`,
    })
  }
  if (thingGroupName !== undefined && !thingGroupNames.includes(thingGroupName)) {
    throw new Fault('THING_GROUP_UNKNOWN', `the stack has no thing group ${thingGroupName}`, {
      hint: `it has ${thingGroupNames.join(', ') || 'none'}; add others to its setting thingGroups`,
    })
  }
}

export function isThingNameAllowed(thingName: string, { thingNames, allow, deny }: RegistrationRules): boolean {
  const onlyByName = allow.things.length > 0 && allow.serialNumbers.length === 0 && allow.caCertificateIds.length === 0
  return (
    matchesGlob(thingNames, thingName) &&
    !deny.things.some((pattern) => matchesGlob(pattern, thingName)) &&
    (!onlyByName || allow.things.some((pattern) => matchesGlob(pattern, thingName)))
  )
}

export function thingHeld(thingName: string): Fault {
  return new Fault('THING_HELD', `${thingName} already has an active certificate`, {
    hint: `another device would take its place: choose another name, say --replace, or revoke it first: thingdrop things revoke ${thingName}`,
  })
}
