/** The CRC-32 polynomial of zlib and of S3's CRC32, bit-reversed. */
const POLYNOMIAL = 0xedb88320;
/** The polynomial 1 (x to the power of 0), bit-reversed. */
const ONE = 0x80000000;

/** Product of two polynomials over GF(2), modulo the CRC's. */
function multiply(left: number, right: number): number {
  let product = 0;
  let factor = right;
  for (let mask = ONE; mask !== 0; mask >>>= 1) {
    if ((left & mask) !== 0) product ^= factor;
    factor = (factor & 1) === 0 ? factor >>> 1 : (factor >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}

/** x to the powers of 1, 2, 4, 8 ... modulo the CRC's polynomial. They repeat after 32 squarings. */
const SQUARES: readonly number[] = (() => {
  const squares = [0x40000000];
  for (let last = 0x40000000; squares.length < 32; squares.push(last)) last = multiply(last, last);
  return squares;
})();

/** x to the power of 8 × `bytes`: the factor by which `bytes` appended bytes shift the CRC before them. */
function shiftOf(bytes: number): number {
  let shift = ONE;
  // Use division, because bit operators are limited to 4 GiB.
  for (let rest = bytes, square = 3; rest > 0; rest = Math.floor(rest / 2), square += 1) {
    if (rest % 2 === 1) shift = multiply(SQUARES[square % 32] ?? 0, shift);
  }
  return shift;
}

/**
 * The CRC-32 of two concatenated byte sequences, from the CRC-32 of each and the length of the second in bytes. It gives the checksum
 * of a whole object from those of its parts, without another read.
 */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  return (multiply(shiftOf(secondLength), first) ^ second) >>> 0;
}

/** S3's form of a CRC32: the four bytes, most significant first, in base 64. */
export function encodeCrc32(crc: number): string {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString("base64");
}
