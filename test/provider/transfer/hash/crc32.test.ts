import { crc32 } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import { combineCrc32, encodeCrc32 } from "../../../../provider/transfer/hash/crc32.ts";

describe("combineCrc32", () => {
  it("computes the CRC-32 of the whole from those of two halves", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), (first, second) => {
        const whole = crc32(Buffer.concat([first, second]));
        expect(combineCrc32(crc32(first), crc32(second), second.length)).to.equal(whole);
      }),
    );
  });

  it("computes the CRC-32 of the whole from parts of any size, in order", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 2000 }),
        fc.integer({ min: 1, max: 700 }),
        (bytes, step) => {
          let combined = 0;
          for (let at = 0; at < bytes.length; at += step) {
            const part = bytes.subarray(at, at + step);
            combined = combineCrc32(combined, crc32(part), part.length);
          }
          expect(combined).to.equal(crc32(bytes));
        },
      ),
    );
  });

  it("is associative for lengths beyond 32 bits, up to S3's largest object", () => {
    const crc = fc.integer({ min: 0, max: 0xffffffff });
    const length = fc.integer({ min: 0, max: 25 * 1024 ** 4 });
    fc.assert(
      fc.property(crc, crc, crc, length, length, (a, b, c, lengthB, lengthC) => {
        const left = combineCrc32(combineCrc32(a, b, lengthB), c, lengthC);
        const right = combineCrc32(a, combineCrc32(b, c, lengthC), lengthB + lengthC);
        expect(left).to.equal(right);
      }),
    );
  });

  it("uses a length of 5 GiB without truncation", () => {
    // The CRC of zeros after a prefix, by 5 single GiB: each step is within 32 bits.
    const gib = 1024 ** 3;
    const zeros = zerosCrc(gib);
    let stepwise = crc32("prefix");
    let tail = 0;
    for (let step = 0; step < 5; step += 1) {
      stepwise = combineCrc32(stepwise, zeros, gib);
      tail = combineCrc32(tail, zeros, gib);
    }
    expect(combineCrc32(crc32("prefix"), tail, 5 * gib)).to.equal(stepwise);
  });
});

/** The CRC-32 of `length` (a power of 2) zero bytes, by doubling. */
function zerosCrc(length: number): number {
  let crc = crc32(Buffer.alloc(1));
  for (let done = 1; done < length; done *= 2) crc = combineCrc32(crc, crc, done);
  return crc;
}

describe("encodeCrc32", () => {
  it("is four bytes, most significant first, in base 64", () => {
    // From S3's documentation of the check value: the CRC-32 of "123456789" is cbf43926.
    expect(encodeCrc32(crc32("123456789"))).to.equal(Buffer.from("cbf43926", "hex").toString("base64"));
    expect(encodeCrc32(0)).to.equal("AAAAAA==");
  });
});
