import { InvalidArgumentError } from 'commander'

/** The first of four ports in a row on 127.0.0.1. */
export const defaultFirstPort = 8470

/** A port that three may follow, or 0. Throws InvalidArgumentError. */
export function parseFirstPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_532) return Number(text)
  throw new InvalidArgumentError('The first port is a number from 0 (any free ports) to 65532.')
}

export function portsFrom(first: number) {
  const at = (offset: number) => (first === 0 ? 0 : first + offset)
  return { gateway: at(0), mqtt: at(1), credentials: at(2), api: at(3) }
}
