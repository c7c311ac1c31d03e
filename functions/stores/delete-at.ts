/** When DynamoDB may delete a row, in seconds since 1970; undefined when rows are kept for ever. */
export function deleteAt(time: string, keepDays: number | undefined): number | undefined {
  return keepDays === undefined ? undefined : Math.floor(Date.parse(time) / 1000) + keepDays * 86_400
}
