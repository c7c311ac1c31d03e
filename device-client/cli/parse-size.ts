const powers = ['', 'k', 'm', 'g', 't']

/** Bytes of a size as people write it: `k`, `M`, `G` and `T` count in thousands, `Ki`, `Mi`, … in 1,024; a `B` may follow. Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit, binary] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?$/i.exec(text.trim()) ?? []
  if (digits === undefined || (unit === '' && binary !== '')) return undefined
  const bytes = Math.round(Number(digits) * (binary ? 1024 : 1000) ** powers.indexOf((unit ?? '').toLowerCase()))
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
