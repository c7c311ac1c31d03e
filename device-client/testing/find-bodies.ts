/** Of a chunk, from where to where. */
type Range = readonly [start: number, end: number]

/** Told of a stream chunk by chunk, says where the bodies of its messages lie. */
export type FindBodies = (chunk: Buffer) => Range[]

interface Head {
  readonly headBytes: number
  readonly bodyBytes: number
  readonly isWanted: boolean
}

function createBodyFinder(readHead: (bytes: Buffer) => Head | undefined): FindBodies {
  let begun = Buffer.alloc(0)
  let body = { leftBytes: 0, isWanted: false }
  return (chunk) => {
    const found: Range[] = []
    for (let position = 0; position < chunk.length; ) {
      if (body.leftBytes > 0) {
        const end = Math.min(chunk.length, position + body.leftBytes)
        if (body.isWanted) found.push([position, end])
        body.leftBytes -= end - position
        position = end
        continue
      }
      const head = readHead(Buffer.concat([begun, chunk.subarray(position)]))
      if (head === undefined) {
        begun = Buffer.concat([begun, chunk.subarray(position)])
        break
      }
      position += head.headBytes - begun.length
      begun = Buffer.alloc(0)
      body = { leftBytes: head.bodyBytes, isWanted: head.isWanted }
    }
    return found
  }
}

const applicationData = 23

/** What TLS encrypts (RFC 8446, section 5.2). A length that is changed only makes the other side wait, as a lost byte would. */
export function createTlsBodyFinder(): FindBodies {
  return createBodyFinder((bytes) =>
    bytes.length < 5
      ? undefined
      : { headBytes: 5, bodyBytes: bytes.readUInt16BE(3), isWanted: bytes[0] === applicationData },
  )
}

/** The bodies of requests that say how long they are. */
export function createHttpBodyFinder(): FindBodies {
  return createBodyFinder((bytes) => {
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return undefined
    const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
    return { headBytes: end + 4, bodyBytes: Number(length ?? 0), isWanted: true }
  })
}
