import { expect } from "chai";
import fc from "fast-check";
import { partsOf } from "../../../provider/flow/parts.ts";
import { InputError } from "../../../staging/errors.ts";
import {
  DEFAULT_PART_BYTES,
  MAX_OBJECT_BYTES,
  MAX_PART_BYTES,
  MAX_PARTS,
  MIN_PART_BYTES,
  partSizeFor,
} from "../../../staging/part-size.ts";
import { GIB, MIB, TIB } from "../../../staging/units.ts";

describe("partSizeFor", () => {
  const table: [string, number, number][] = [
    ["an empty file", 0, 0],
    ["one byte", 1, 0],
    ["16 MiB: the last size that goes in one request", 16 * MIB, 0],
    ["a byte more", 16 * MIB + 1, 16 * MIB],
    ["100 GiB", 100 * GIB, 16 * MIB],
    ["the most that 16 MiB parts hold", 10_000 * 16 * MIB, 16 * MIB],
    ["a byte more than that", 10_000 * 16 * MIB + 1, 17 * MIB],
    ["1 TiB", TIB, 105 * MIB],
    ["S3's largest object", MAX_OBJECT_BYTES, MAX_PART_BYTES],
  ];
  for (const [name, size, expected] of table) {
    it(name, () => expect(partSizeFor(size)).to.equal(expected));
  }

  it("is small for a multipart upload of a small file", () => {
    expect(partSizeFor(16 * MIB, true)).to.equal(5 * MIB);
    expect(partSizeFor(1, true)).to.equal(5 * MIB);
    expect(partSizeFor(16 * MIB + 1, true)).to.equal(16 * MIB);
    expect(partSizeFor(0, true)).to.equal(0);
  });

  it("refuses sizes that S3 cannot store", () => {
    expect(() => partSizeFor(MAX_OBJECT_BYTES + 1)).to.throw(InputError, /more than S3 can hold/);
  });

  it("always returns part sizes that S3 accepts", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat().map((n) => (n % MAX_OBJECT_BYTES) + 1),
        (size) => {
          const partSize = partSizeFor(size);
          if (partSize === 0) expect(size).to.be.at.most(DEFAULT_PART_BYTES);
          else {
            expect(partSize).to.be.within(MIN_PART_BYTES, MAX_PART_BYTES);
            expect(Math.ceil(size / partSize)).to.be.within(2, MAX_PARTS);
          }
        },
      ),
    );
  });
});

describe("partsOf", () => {
  it("covers the object exactly, in order, without gaps", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 50, max: 20_000 }), (size, partSize) => {
        let end = 0;
        let number = 0;
        for (const part of partsOf(size, partSize)) {
          number += 1;
          expect(part.number).to.equal(number);
          expect(part.offset).to.equal(end);
          expect(part.length).to.be.within(1, partSize);
          end = part.offset + part.length;
        }
        expect(end).to.equal(size);
      }),
    );
  });

  it("is one part without a part size, and none for an empty object", () => {
    expect([...partsOf(7, 0)]).to.deep.equal([{ number: 1, offset: 0, length: 7 }]);
    expect([...partsOf(0, 0)]).to.deep.equal([]);
  });
});
