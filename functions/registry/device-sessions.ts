import {
  DeleteRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'

/**
 * A role's inline policies may have 10,240 characters together (IAM quotas), enough for about fifty denials; above this
 * many in the time of one session every older session is refused instead.
 */
const maxDenials = 30
const policyPattern = /^revoked-(\d+)-/

/**
 * Credentials outlive the certificate that they were given for. A denial on the devices' role ends them: IAM evaluates
 * it at every call, at S3 and at the API. `roleName` is the role behind the role alias. Each is a policy of its own, so two revocations at once do not undo each other.
 */
export function createDeviceSessions(iam: IAMClient, roleName: string) {
  async function listDenials(): Promise<string[]> {
    const names: string[] = []
    let Marker: string | undefined
    do {
      const page = await iam.send(new ListRolePoliciesCommand({ RoleName: roleName, Marker }))
      names.push(...(page.PolicyNames ?? []).filter((name) => policyPattern.test(name)))
      Marker = page.IsTruncated ? page.Marker : undefined
    } while (Marker)
    return names
  }

  async function deny(PolicyName: string, Condition: object): Promise<void> {
    const Statement = { Effect: 'Deny', Action: '*', Resource: '*', Condition }
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
    await iam.send(new PutRolePolicyCommand({ RoleName: roleName, PolicyName, PolicyDocument }))
  }

  async function remove(names: readonly string[]): Promise<void> {
    for (const PolicyName of names) await iam.send(new DeleteRolePolicyCommand({ RoleName: roleName, PolicyName }))
  }

  return {
    /** Refuses the credentials of a certificate that is not active any more. IAM spreads it within seconds. */
    async end(certificateId: string, now: Date): Promise<void> {
      const seconds = Math.floor(now.getTime() / 1000)
      const denials = await listDenials()
      // A run that died may have come this far.
      if (denials.some((name) => name.endsWith(certificateId))) return
      if (denials.length < maxDenials) {
        await deny(`revoked-${seconds}-${certificateId}`, {
          StringEquals: { 'credentials-iot:AwsCertificateId': certificateId },
        })
        return
      }
      // The time of issue is in whole seconds. Devices whose certificate is good get new credentials at once.
      const until = new Date((seconds + 1) * 1000).toISOString()
      await deny(`revoked-${seconds}-all`, { DateLessThan: { 'aws:TokenIssueTime': until } })
      await remove(denials)
    },

    /** Takes away the denials from before a time at which every session of then is over, and says how many. */
    async lapse(before: Date): Promise<number> {
      const oldest = before.getTime() / 1000
      const lapsed = (await listDenials()).filter((name) => Number(policyPattern.exec(name)?.[1]) < oldest)
      await remove(lapsed)
      return lapsed.length
    },
  }
}

export type DeviceSessions = ReturnType<typeof createDeviceSessions>
