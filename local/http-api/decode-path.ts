/** A path, or a segment of one, without percent-encoding; as it is when it isn't encoded properly. */
export function decodePath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath)
  } catch {
    return rawPath
  }
}
