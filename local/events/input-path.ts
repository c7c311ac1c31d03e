/**
 * Reads an InputPath, JSONPath in dot notation (`$.detail.certificate`, `$.resources[0]`), and returns what takes
 * that part out of an event, or undefined when it is none. What is not there is null.
 */
export function parseInputPath(path: string): ((event: unknown) => unknown) | undefined {
  if (!/^\$(\.[^\s.[\]$*?()@'",]+|\[\d+\])*$/.test(path)) return undefined
  const steps = path.match(/[^.[\]$]+/g) ?? []
  return (event) =>
    steps.reduce<unknown>((node, step) => {
      const holds = typeof node === 'object' && node !== null && Object.hasOwn(node, step)
      return holds ? (node as Record<string, unknown>)[step] : null
    }, event)
}
