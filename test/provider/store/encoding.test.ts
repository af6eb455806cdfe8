import { expect } from "chai";
import fc from "fast-check";
import { objectMetadata, parseObjectMetadata } from "../../../provider/store/object-facts.ts";
import { copySourceHeader } from "../../../provider/store/sdk-fields.ts";
import { encodeTags, primaryTags } from "../../../staging/classes.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { REGIONS } from "../../../staging/regions.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";

const names = fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 });

describe("copySourceHeader", () => {
  it("encodes all but the slashes, so that no part of a key looks like a version", () => {
    expect(
      copySourceHeader({ bucket: "b", key: "stage-1/ü ?versionId=x+y%20'\"", versionId: "v+/=" }),
    ).to.equal("b/stage-1/%C3%BC%20%3FversionId%3Dx%2By%2520'%22?versionId=v%2B%2F%3D");
  });

  it("is ASCII and decodes to the key, for any name", () => {
    fc.assert(
      fc.property(names, (name) => {
        const header = copySourceHeader({ bucket: "bucket", key: `stage-000000000000/${name}` });
        expect(header).to.match(/^[\x21-\x7e]+$/);
        expect(header).not.to.contain("?");
        expect(decodeURIComponent(header)).to.equal(`bucket/stage-000000000000/${name}`);
      }),
    );
  });
});

describe("object tags", () => {
  it("are at most ten, and the header decodes to them", () => {
    const id = parseStagingId("stage-0123456789ab");
    for (let count = 0; count <= 8; count += 1) {
      const tags = primaryTags(id, parseTtlDays(7), REGIONS.slice(1, 1 + count));
      expect(Object.keys(tags)).to.have.length(count + 2);
      const header = encodeTags(tags);
      expect(header).to.match(/^[\x21-\x7e]+$/);
      expect(Object.fromEntries(new URLSearchParams(header))).to.deep.equal(tags);
    }
    expect(() => primaryTags(id, parseTtlDays(7), REGIONS.slice(1, 10))).to.throw(
      "9 regions cannot be replicated by rule",
    );
  });
});

describe("object metadata", () => {
  it("is read back", () => {
    for (const facts of [{ partSize: 0, sha256: "ab" }, { partSize: 16_777_216 }]) {
      expect(parseObjectMetadata(objectMetadata(facts))).to.deep.equal(facts);
    }
  });

  it("of other programs is ignored", () => {
    expect(parseObjectMetadata({})).to.equal(undefined);
    expect(parseObjectMetadata({ a: "b" })).to.equal(undefined);
    expect(parseObjectMetadata({ "spawn-part-size": "-1" })).to.equal(undefined);
  });
});
