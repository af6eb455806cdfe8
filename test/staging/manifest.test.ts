import { expect } from "chai";
import fc from "fast-check";
import {
  comparePaths,
  entryPrefix,
  type ManifestEntry,
  ManifestError,
  type ManifestFile,
  manifestKey,
  manifestLine,
  objectKey,
  parseManifest,
} from "../../staging/manifest.ts";
import { errorOf } from "../support/failure.ts";
import { refusalOf } from "./refusal.ts";

const ID = "stage-abc123def456";

const lines = (...entries: ManifestEntry[]): string =>
  [{ version: 1, kind: "directory" } as const, ...entries].map(manifestLine).join("");

async function read(chunks: Iterable<Uint8Array>): Promise<ManifestEntry[]> {
  const { header, entries } = await parseManifest(chunks);
  expect(header).to.deep.equal({ version: 1, kind: "directory" });
  const all: ManifestEntry[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

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

describe("parseManifest", () => {
  const sha256 = "a".repeat(64);
  const part = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 4 })
    .filter((text) => !text.includes("/") && !text.includes("\0") && !/^\.{1,2}$/.test(text));
  const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
  const entry = fc.oneof<fc.Arbitrary<ManifestEntry>[]>(
    fc.record({
      type: fc.constant("file"),
      path,
      size: fc.nat(),
      sha256: fc.constant(sha256),
      mode: fc.constant("644"),
    }),
    fc.record({
      type: fc.constant("file"),
      path,
      size: fc.nat(),
      etag: fc.string(),
      mode: fc.constant("600"),
    }),
    fc.record({ type: fc.constant("link"), path, target: part }),
    fc.record({
      type: fc.constant("directory"),
      path: path.map((text) => `${text}/`),
      mode: fc.constant("755"),
    }),
  );

  it("survives a round trip, however the bytes are split", async () => {
    const all = fc
      .uniqueArray(entry, { selector: (each) => each.path, maxLength: 10 })
      .map((each) => each.sort((a, b) => comparePaths(a.path, b.path)));
    await fc.assert(
      fc.asyncProperty(all, fc.integer({ min: 1, max: 50 }), async (entries, step) => {
        const bytes = Buffer.from(lines(...entries));
        const chunks = [];
        for (let at = 0; at < bytes.length; at += step) chunks.push(bytes.subarray(at, at + step));
        expect(await read(chunks)).to.deep.equal(entries);
      }),
    );
  });

  const file = (name: string): ManifestFile => ({ type: "file", path: name, size: 1, sha256, mode: "644" });
  const refused: [string, string, string][] = [
    ["no line", "", "line 1"],
    ["another version", '{"version":2,"kind":"file"}\n', "line 1"],
    ["no JSON", `${lines()}{\n`, "line 2"],
    ["a path to the outside", lines(file("a/../../b")), "line 2"],
    ["an absolute path", lines(file("/a")), "line 2"],
    ["an empty part", lines(file("a//b")), "line 2"],
    ["paths out of order", lines(file("b"), file("a")), "line 3"],
    ["the same path twice", lines(file("a"), file("a")), "line 3"],
    ["a part that is a folder's", lines(file("a/./b")), "line 2"],
    ["NUL in a path", lines(file("a\0b")), "line 2"],
    ["a path longer than any key", lines(file("a".repeat(1025))), "line 2"],
    ["a negative size", lines({ ...file("a"), size: -1 }), "line 2"],
    ["a size that is not exact", lines({ ...file("a"), size: 2 ** 53 }), "line 2"],
    ["half a byte", lines({ ...file("a"), size: 0.5 }), "line 2"],
    ["an absolute link", lines({ type: "link", path: "a", target: "/etc/passwd" }), "line 2"],
    ["a link out of the tree", lines({ type: "link", path: "a/b", target: "../../x" }), "line 2"],
    ["a link to the folder above", lines({ type: "link", path: "a", target: "./.." }), "line 2"],
    ["a list in place of an entry", `${lines()}[1]\n`, "line 2"],
    ["a prototype in place of keys", `${lines()}{"__proto__":${JSON.stringify(file("a"))}}\n`, "line 2"],
    ["brackets without end", `${lines()}${"[".repeat(60_000)}\n`, "line 2"],
    ["neither checksum", lines({ type: "file", path: "a", size: 1, mode: "644" }), "line 2"],
    ["an end in the middle", lines(file("a")).slice(0, -1), "is truncated"],
  ];
  for (const [what, text, message] of refused) {
    it(`refuses ${what}`, async () => {
      const error = await errorOf(read([Buffer.from(text)]));
      expect(error.message).to.contain(message);
    });
  }
});

describe("a hostile manifest", () => {
  it("is refused with a typed error if it is not UTF-8", async () => {
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80, 0x0a]])
      await errorOf(read([Buffer.from(lines()), Uint8Array.from(bytes)]), ManifestError);
  });

  it("is read no further than a line can be long, whatever the pieces", async () => {
    for (const size of [1, 1_000, 1_000_000]) {
      let given = 0;
      function* endless() {
        yield Buffer.from(lines());
        for (;;) {
          given += size;
          yield Buffer.alloc(size, "x");
        }
      }
      await errorOf(read(endless()), ManifestError);
      expect(given).to.be.at.most(65_536 + size);
    }
  });

  it("may have links inside the tree; the file system checks the rest", async () => {
    for (const [path, target] of [
      ["a/b", "../c"],
      ["a", "."],
      ["a/b/c", "../.."],
      ["a", "b/../../c"],
    ] as const)
      await read([Buffer.from(lines({ type: "link", path, target }))]);
  });
});

describe("comparePaths", () => {
  it("orders as the bytes of UTF-8 do", () => {
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).to.equal(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
