interface Tag {
  readonly Key: string
}

/** Keys of tags that a resource had and is not to have any more. */
export function removedTagKeys(before: readonly Tag[] = [], after: readonly Tag[] = []): string[] {
  return before.map(({ Key }) => Key).filter((key) => !after.some(({ Key }) => Key === key))
}
