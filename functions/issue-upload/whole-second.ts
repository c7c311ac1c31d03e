/** A signature says its date in whole seconds: what it may be used for ends so long after these, in milliseconds since 1970. */
export function wholeSecondMs(time: Date): number {
  return Math.floor(time.getTime() / 1000) * 1000
}
