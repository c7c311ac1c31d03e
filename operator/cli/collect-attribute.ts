import { InvalidArgumentError } from 'commander'

/** Reads one `name=value` of an option that may be repeated. Throws InvalidArgumentError. */
export function collectAttribute(
  text: string,
  collected: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write name=value.')
  const name = text.slice(0, at)
  if (Object.hasOwn(collected, name)) throw new InvalidArgumentError(`${name} is given twice.`)
  return { ...collected, [name]: text.slice(at + 1) }
}
