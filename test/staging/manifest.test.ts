import { expect } from "chai";
import { entryPrefix, manifestKey, manifestLine, objectKey } from "../../staging/manifest.ts";
import { refusalOf } from "./refusal.ts";

const ID = "stage-abc123def456";

describe("manifest", () => {
  it("lies beside the objects under the entry's prefix", () => {
    expect(entryPrefix(ID)).to.equal("stage-abc123def456/");
    expect(manifestKey(ID)).to.equal("stage-abc123def456/.spawn-manifest.jsonl");
    expect(objectKey(ID, "dir/größe 'x'")).to.equal("stage-abc123def456/dir/größe 'x'");
  });

  it("takes keys up to 1,024 bytes, not letters", () => {
    const room = 1024 - Buffer.byteLength(entryPrefix(ID));
    expect(Buffer.byteLength(objectKey(ID, "a".repeat(room)))).to.equal(1024);
    expect(refusalOf(() => objectKey(ID, "a".repeat(room + 1))).message).to.include("is too long");
    expect(refusalOf(() => objectKey(ID, "ö".repeat(room / 2 + 1))).message).to.include("is too long");
  });

  it("shares its name with no source", () => {
    expect(refusalOf(() => objectKey(ID, ".spawn-manifest.jsonl")).fix).to.equal("Rename it.");
    expect(objectKey(ID, "dir/.spawn-manifest.jsonl")).to.equal(`${ID}/dir/.spawn-manifest.jsonl`);
  });

  it("is one line of JSON an object, whatever its name", () => {
    const file = { type: "file", path: "a\nb", size: 1, sha256: "a1", mode: "644" } as const;
    const line = manifestLine(file);
    expect(line.indexOf("\n")).to.equal(line.length - 1);
    expect(JSON.parse(line)).to.deep.equal(file);
  });
});
