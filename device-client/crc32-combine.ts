/** The reversed polynomial of CRC-32 (ISO 3309). */
const polynomial = 0xedb88320

/** The CRC32 of two pieces in a row, from theirs and the length of the second: appending zeros is a linear map, squared for each bit of the length. */
export function combineCrc32(first: number, second: number, secondBytes: number): number {
  let step = square(square(square(shiftByOneBit())))
  let crc = first
  for (let rest = secondBytes; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) crc = multiply(step, crc)
    step = square(step)
  }
  return (crc ^ second) >>> 0
}

/** A map over GF(2): column n is the image of bit n. */
type Matrix = readonly number[]

function shiftByOneBit(): Matrix {
  return Array.from({ length: 32 }, (_, bit) => (bit === 0 ? polynomial : 1 << (bit - 1)))
}

function multiply(matrix: Matrix, vector: number): number {
  return matrix.reduce((sum, column, bit) => ((vector >>> bit) & 1 ? sum ^ column : sum), 0)
}

function square(matrix: Matrix): Matrix {
  return matrix.map((column) => multiply(matrix, column))
}
