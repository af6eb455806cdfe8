import { createHash } from "node:crypto";
import { expect } from "chai";
import { putSpooledManifest } from "../../../../provider/transfer/entry/manifest.ts";
import { ManifestSpool } from "../../../../provider/transfer/manifest/spool.ts";
import { primaryTags } from "../../../../staging/classes.ts";
import { newStagingId } from "../../../../staging/ids.ts";
import { manifestKey } from "../../../../staging/manifest.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { MIB } from "../../../../staging/units.ts";
import { bucketOf, CloudFixture, PRIMARY } from "../../cloud-fixture.ts";

describe("The manifest of a large tree", () => {
  const fixture = CloudFixture.forSuite();

  it("is uploaded in parts, byte for byte, with the manifest's content type", async () => {
    const stagingId = newStagingId();
    const spool = await ManifestSpool.create({ version: 1, kind: "directory" });
    try {
      const sha256 = "ab".repeat(32);
      for (let number = 0; number < 130_000; number += 1) {
        const path = `folder/${String(number).padStart(12, "0")}`;
        await spool.add(number, { type: "file", path, size: number, sha256, mode: "644" });
      }
      const digest = await spool.finish();
      const { plane } = fixture.dependencies();
      const place = {
        store: fixture.s3.store(PRIMARY),
        bucket: bucketOf(PRIMARY),
        key: manifestKey(stagingId),
        tags: () => primaryTags(stagingId, parseTtlDays(7), []),
      };
      for (const _ of [1, 2]) {
        await putSpooledManifest(spool, place, { plane, signal: new AbortController().signal });
      }
      const { bytes, contentType } = await fixture.object(PRIMARY, place.key);
      expect(bytes.length).to.be.greaterThan(16 * MIB);
      expect(createHash("sha256").update(bytes).digest("hex")).to.equal(digest);
      expect(contentType).to.equal("application/x-ndjson");
      expect(await fixture.everything(PRIMARY, stagingId)).to.deep.equal([place.key]);
    } finally {
      await spool.remove();
    }
  });
});
