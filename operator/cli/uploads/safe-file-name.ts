import { terminalSafe } from '../../output/terminal-safe.ts'

/** What file systems take for a name (ext4, APFS and NTFS alike). */
const maxNameBytes = 255
/** Devices of Windows, with any extension ("Naming Files, Paths, and Namespaces"). */
const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/**
 * A name for a file in one's own folder, of a name that a stranger chose: no folder, no control character, not hidden, no
 * option of a command, and none that a file system refuses. The extension stays.
 */
export function safeFileName(name: string): string {
  const plain = terminalSafe(name)
    .replace(/[/\\<>:"|?*]/g, '_')
    .replace(/^[.\-~\s]/, '_')
    .replace(reserved, '_$1')
  return fitBytes(plain || '_').replace(/[. ]$/, '_')
}

/** Takes characters from before the extension until the name fits. */
function fitBytes(name: string): string {
  const extension = /(?<=.)\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  let leftBytes = maxNameBytes - Buffer.byteLength(extension)
  let stem = ''
  for (const character of name.slice(0, name.length - extension.length)) {
    leftBytes -= Buffer.byteLength(character)
    if (leftBytes < 0) break
    stem += character
  }
  return stem + extension
}
