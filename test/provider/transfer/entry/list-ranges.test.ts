import { expect } from "chai";
import fc from "fast-check";
import { listRanges } from "../../../../provider/transfer/entry/list-ranges.ts";
import { comparePaths } from "../../../../staging/manifest.ts";

interface Keyed {
  readonly key: string;
}

/** A bucket that lists pages of 1,000 keys. */
class Bucket {
  readonly #keys: readonly string[];
  requests = 0;
  inFlight = 0;
  mostInFlight = 0;

  constructor(keys: Iterable<string>) {
    this.#keys = [...keys].sort(comparePaths);
  }

  async *list(after: string | undefined): AsyncGenerator<Keyed, void, void> {
    const keys = this.#keys.filter((key) => after === undefined || comparePaths(key, after) > 0);
    for (let at = 0; ; at += 1_000) {
      this.requests += 1;
      this.inFlight += 1;
      this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
      await new Promise((resolve) => setImmediate(resolve));
      this.inFlight -= 1;
      for (const key of keys.slice(at, at + 1_000)) yield { key };
      if (at + 1_000 >= keys.length) return;
    }
  }
}

async function listed(bucket: Bucket, ends: readonly string[]): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of listRanges(ends, (after) => bucket.list(after))) keys.push(key);
  return keys;
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => String(at).padStart(6, "0"));

describe("listRanges", () => {
  it("yields what one listing yields, whatever the ends are", () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 3 }), { maxLength: 60 }),
        fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 3 }), { maxLength: 20 }),
        async (keys, ends) => {
          const sorted = [...keys].sort(comparePaths);
          expect(await listed(new Bucket(keys), ends.sort(comparePaths))).to.deep.equal(sorted);
        },
      ),
    ));

  it("sends one request per 1,000 keys, eight at a time", async () => {
    const keys = numbered(20_000);
    const bucket = new Bucket(keys);
    expect(
      await listed(
        bucket,
        keys.filter((_, at) => at % 1_000 === 999),
      ),
    ).to.deep.equal(keys);
    expect(bucket.requests).to.equal(21);
    expect(bucket.mostInFlight).to.equal(8);
  });

  it("lists a range that holds more keys than a page", async () => {
    const keys = numbered(5_000);
    expect(await listed(new Bucket(keys), ["000001", "004000"])).to.deep.equal(keys);
  });

  it("fails with the error of a range", async () => {
    const failing = async function* (after: string | undefined): AsyncGenerator<Keyed, void, void> {
      if (after === "b") throw new Error("503");
      yield { key: after ?? "a" };
    };
    let failure: unknown;
    try {
      for await (const _ of listRanges(["a", "b", "c"], failing));
    } catch (error) {
      failure = error;
    }
    expect(failure).to.be.instanceOf(Error).with.property("message", "503");
  });
});
