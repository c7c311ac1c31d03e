/** Remembers what `load` made of a key; forgets everything at once when `limit` keys are remembered. */
export function boundedCache<V>(limit: number, load: (key: string) => V): { get(key: string): V; clear(): void } {
  const values = new Map<string, V>()
  return {
    get(key) {
      const known = values.get(key)
      if (known !== undefined) return known
      const value = load(key)
      if (values.size >= limit) values.clear()
      values.set(key, value)
      return value
    },
    clear: () => values.clear(),
  }
}
