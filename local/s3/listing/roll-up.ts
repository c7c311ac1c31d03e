import { commonPrefix, endOfPrefix } from './key-order.ts'

/** Where to read on: at a key (included); with a tail, after the item of that key which the tail tells apart. */
export interface Place<Tail> {
  readonly key: Buffer
  readonly tail?: Tail | undefined
}

export interface Page<Item> {
  readonly items: Item[]
  readonly prefixes: string[]
  readonly isTruncated: boolean
  /** The last entry of the page: an item, or the common prefix that stands for several. */
  readonly last: { readonly key: string; readonly item: Item | undefined } | undefined
}

export interface Listing<Item, Tail> {
  readonly prefix: string
  readonly delimiter: string
  readonly limit: number
  readonly start: Place<Tail>
  fetch(place: Place<Tail>, limit: number): Item[]
  placeAfter(item: Item): Place<Tail>
}

const batchSize = 1000

/** Reads one page of a listing; keys with a delimiter after the prefix count once, as their common prefix. */
export function rollUp<Item extends { readonly key: string }, Tail = never>(listing: Listing<Item, Tail>): Page<Item> {
  const { prefix, delimiter, limit } = listing
  const items: Item[] = []
  const prefixes: string[] = []
  let last: Page<Item>['last']
  let place = listing.start
  if (limit === 0) return { items, prefixes, isTruncated: false, last }
  for (;;) {
    const wanted = delimiter === '' ? limit - items.length + 1 : batchSize
    const batch = listing.fetch(place, wanted)
    for (const item of batch) {
      const rolledUp = commonPrefix(item.key, prefix, delimiter)
      if (rolledUp !== undefined && rolledUp === prefixes.at(-1)) continue
      if (items.length + prefixes.length === limit) return { items, prefixes, isTruncated: true, last }
      if (rolledUp === undefined) items.push(item)
      else prefixes.push(rolledUp)
      last = rolledUp === undefined ? { key: item.key, item } : { key: rolledUp, item: undefined }
    }
    const final = batch.at(-1)
    if (batch.length < wanted || !final) return { items, prefixes, isTruncated: false, last }
    const rolledUp = commonPrefix(final.key, prefix, delimiter)
    place = rolledUp === undefined ? listing.placeAfter(final) : { key: endOfPrefix(rolledUp) }
  }
}
