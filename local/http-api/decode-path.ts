/** A path, or a segment of one, without percent-encoding; as it is when it isn't encoded properly. */
export function decodePath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath)
  } catch {
    return rawPath
  }
}

/**
 * A path as it stands in the ARN that IAM decides on: what is encoded is decoded, but a slash inside of a segment stays
 * `%2F`, so that the segments are those that the route is matched with and one cannot pass for several. What AWS does
 * with such a slash is not documented.
 */
export function decodeSegments(rawPath: string): string {
  const segments = rawPath.split('/')
  return segments.map((segment) => decodePath(segment).replaceAll('/', '%2F')).join('/')
}
