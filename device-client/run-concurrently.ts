/** Does the work for every item, in order, on at most `limit` at once. Rejects with the first failure and starts no further item. */
export async function runConcurrently<Item>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  // The workers share one iterator: an iterator is its own iterable.
  const iterator = items[Symbol.iterator]()
  const remaining = { [Symbol.iterator]: () => ({ next: () => iterator.next() }) }
  let failed = false
  const worker = async () => {
    for (const item of remaining) {
      if (failed) return
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: limit }, worker))
}
