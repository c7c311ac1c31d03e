/** `Stack-LogicalId-SUFFIX`, cut as CloudFormation does: the suffix stays, the two names share the rest. */
export function generateName(stackName: string, logicalId: string, suffix: string, maxLength: number): string {
  const room = maxLength - suffix.length - 2
  if (stackName.length + logicalId.length <= room) return `${stackName}-${logicalId}-${suffix}`
  const half = Math.floor(room / 2)
  const stack = stackName.slice(0, Math.max(half, room - logicalId.length))
  return `${stack}-${logicalId.slice(0, room - stack.length)}-${suffix}`
}
