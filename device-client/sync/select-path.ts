import { matchesGlob, posix } from 'node:path'

export interface PathPatterns {
  /** Files of which no pattern matches are left out; all are taken when there is none. */
  readonly include?: readonly string[] | undefined
  /** Goes before `include`; a directory that matches is left out with all below. */
  readonly exclude?: readonly string[] | undefined
}

/**
 * Globs as node:path's matchesGlob knows them (`*`, `**`, `?`, `[a-z]`, `{a,b}`), matched against the path below the root; one without
 * a slash against the name alone, wherever it lies. A leading dot is to be spelled out.
 */
export function createPathFilter({ include = [], exclude = [] }: PathPatterns) {
  const matches = (path: string, patterns: readonly string[]) =>
    patterns.some((pattern) => matchesGlob(pattern.includes('/') ? path : posix.basename(path), pattern))
  return {
    takesFile: (path: string) => !matches(path, exclude) && (include.length === 0 || matches(path, include)),
    takesDirectory: (path: string) => !matches(path, exclude),
  }
}
