import type {
  AttachThingPrincipalRequest,
  AttachThingPrincipalResponse,
  DetachThingPrincipalRequest,
  DetachThingPrincipalResponse,
  ListPrincipalThingsRequest,
  ListPrincipalThingsResponse,
  ListPrincipalThingsV2Request,
  ListPrincipalThingsV2Response,
  ListThingPrincipalsRequest,
  ListThingPrincipalsResponse,
  ListThingPrincipalsV2Request,
  ListThingPrincipalsV2Response,
} from '@aws-sdk/client-iot'
import { notImplemented } from '#local/service.ts'
import type { Registry } from '../registry/types.ts'
import type { Checked } from './checked.ts'
import { notFound } from './errors.ts'
import { type Page, readPage } from './pages.ts'
import { findCertificatePrincipal } from './principals.ts'
import { findThing } from './things.ts'

interface PageInput {
  readonly nextToken?: string | undefined
  readonly maxResults?: number | undefined
}

const thingPrincipalType = 'NON_EXCLUSIVE_THING'

export function createThingPrincipalOperations(registry: Registry) {
  const { thingPrincipals, things, arn } = registry

  function principalsOf({ thingName, nextToken, maxResults }: Checked<ListThingPrincipalsRequest>): Page<string> {
    if (!things.get(thingName)) {
      throw notFound(
        `Failed to list principals for thing ${thingName} because the thing does not exist in your account`,
      )
    }
    const page = readPage({
      token: nextToken,
      limit: maxResults,
      read: (after, limit) => thingPrincipals.rightsOf(thingName, { after, limit }),
      cursorOf: (certificateId) => certificateId,
    })
    return { rows: page.rows.map(arn.certificate), next: page.next }
  }

  function thingsOf(principal: string, { nextToken, maxResults }: PageInput): Page<string> {
    const { certificateId } = findCertificatePrincipal(principal, registry)
    return readPage({
      token: nextToken,
      limit: maxResults,
      read: (after, limit) => thingPrincipals.leftsOf(certificateId, { after, limit }),
      cursorOf: (thingName) => thingName,
    })
  }

  return {
    AttachThingPrincipal(input: Checked<AttachThingPrincipalRequest>): AttachThingPrincipalResponse {
      refuseExclusive('AttachThingPrincipal', input.thingPrincipalType)
      const { certificateId } = findCertificatePrincipal(input.principal, registry)
      thingPrincipals.add(findThing(registry, input.thingName).thingName, certificateId)
      return {}
    },

    DetachThingPrincipal(input: Checked<DetachThingPrincipalRequest>): DetachThingPrincipalResponse {
      const { certificateId } = findCertificatePrincipal(input.principal, registry)
      const { thingName } = findThing(registry, input.thingName)
      if (!thingPrincipals.remove(thingName, certificateId)) {
        throw notFound(`Principal ${input.principal} is not attached to thing ${thingName}`)
      }
      return {}
    },

    ListThingPrincipals(input: Checked<ListThingPrincipalsRequest>): ListThingPrincipalsResponse {
      const page = principalsOf(input)
      return { principals: [...page.rows], nextToken: page.next }
    },

    ListThingPrincipalsV2(input: Checked<ListThingPrincipalsV2Request>): ListThingPrincipalsV2Response {
      refuseExclusive('ListThingPrincipalsV2', input.thingPrincipalType)
      const page = principalsOf(input)
      return {
        thingPrincipalObjects: page.rows.map((principal) => ({ principal, thingPrincipalType })),
        nextToken: page.next,
      }
    },

    ListPrincipalThings(input: Checked<ListPrincipalThingsRequest>): ListPrincipalThingsResponse {
      const page = thingsOf(input.principal, input)
      return { things: [...page.rows], nextToken: page.next }
    },

    ListPrincipalThingsV2(input: Checked<ListPrincipalThingsV2Request>): ListPrincipalThingsV2Response {
      refuseExclusive('ListPrincipalThingsV2', input.thingPrincipalType)
      const page = thingsOf(input.principal, input)
      return {
        principalThingObjects: page.rows.map((thingName) => ({ thingName, thingPrincipalType })),
        nextToken: page.next,
      }
    },
  }
}

function refuseExclusive(operation: string, type: string | undefined): void {
  if (type === 'EXCLUSIVE_THING') throw notImplemented(`${operation} with EXCLUSIVE_THING`)
}
