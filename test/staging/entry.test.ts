import { expect } from "chai";
import { entryStackName, filenameOf, parseSweepId } from "../../staging/entry.ts";
import { parseDeclaredEntries } from "../../staging/entry-values.ts";
import { declaredStagingId, parseStagingId } from "../../staging/ids.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { refusalOf } from "./refusal.ts";

const DEFAULT_REGIONS = parseRegionList("us-east-1,us-west-2");
const parse = (value: unknown) =>
  parseDeclaredEntries(
    "dev",
    value,
    (source) => ({ location: `/project/${source}`, canonical: source, others: [] }),
    DEFAULT_REGIONS,
  );

describe("entries", () => {
  it("take defaults for all but name and source", () => {
    expect(parse([{ name: "reference", source: "data/reference.fasta" }])).to.deep.equal([
      {
        id: declaredStagingId("dev", "reference", "data/reference.fasta", DEFAULT_REGIONS[0]),
        source: "/project/data/reference.fasta",
        exclude: [],
        noSha256: false,
        regions: ["us-east-1", "us-west-2"],
        destination: "/mnt/data/reference.fasta",
        ttl: 7,
        sweepId: undefined,
        replication: "rule",
        allowAccounts: [],
        declaredAs: "reference",
        declaredSource: {
          location: "/project/data/reference.fasta",
          canonical: "data/reference.fasta",
          others: [],
        },
      },
    ]);
  });

  it("take every key", () => {
    const [entry] = parse([
      {
        name: "weights",
        source: "model/",
        regions: "eu-west-1, us-east-1",
        dest: "/opt/model",
        ttl: 30,
        sweep: "sweep-xyz789",
        replication: "copy",
        allowAccounts: ["123456789012", "000000000042"],
        multipart: true,
        timeout: 60,
        keep: true,
        bandwidthLimit: "1MB/s",
      },
    ]);
    expect(entry).to.deep.include({
      source: "/project/model/",
      regions: ["eu-west-1", "us-east-1"],
      destination: "/opt/model",
      ttl: 30,
      sweepId: "sweep-xyz789",
      replication: "copy",
      allowAccounts: ["123456789012", "000000000042"],
      multipart: true,
      timeoutSeconds: 60,
      keep: true,
      bandwidthLimit: 1_048_576,
    });
  });

  it("are found under the name that is chosen for the data, which makes another entry", () => {
    const [entry] = parse([{ ...ITEM, filename: "grch38.fasta" }]);
    expect(entry).to.include({ filename: "grch38.fasta", destination: "/mnt/data/grch38.fasta" });
    expect(entry?.id).to.not.equal(parse([ITEM])[0]?.id);
  });

  it("are empty without a declaration", () => {
    for (const value of [undefined, null, []]) expect(parse(value)).to.deep.equal([]);
  });

  it("keep their id wherever the project's folder is", () => {
    const [here] = parse([{ name: "a", source: "x" }]);
    const [there] = parseDeclaredEntries(
      "dev",
      [{ name: "a", source: "x" }],
      () => ({ location: "/other/x", canonical: "x", others: [] }),
      DEFAULT_REGIONS,
    );
    expect(here?.id).to.equal(there?.id);
  });

  const ITEM = { name: "reference", source: "x" };
  for (const [what, value, message] of [
    ["no list", {}, "spawn:entries must be a list"],
    ["an item that is none", ["x"], "spawn:entries[0] must be a mapping"],
    ["no name", [{ source: "x" }], "spawn:entries[0].name is missing"],
    [
      "a long name",
      [ITEM, { ...ITEM, name: "a".repeat(64) }],
      "spawn:entries[1].name must be 1 to 63 letters",
    ],
    ["a name with a space", [{ ...ITEM, name: "a b" }], "spawn:entries[0].name must be 1 to 63 letters"],
    ["a name twice", [ITEM, ITEM], "spawn:entries: item reference: name is given twice"],
    [
      "an ID twice",
      [
        { ...ITEM, id: "stage-abc123def456" },
        { ...ITEM, name: "other", id: "stage-abc123def456" },
      ],
      "spawn:entries: item other: id is given twice",
    ],
    ["no source", [{ name: "reference" }], "spawn:entries: item reference: source is missing"],
  ] as const) {
    it(`refuse ${what}, and name file, item and key`, () => {
      expect(refusalOf(() => parse(value)).message).to.include(`Pulumi.dev.yaml: ${message}`);
    });
  }

  for (const [what, change, message] of [
    ["an empty source", { source: "" }, "source is missing"],
    ["a source that is a list", { source: [] }, "source must be a string"],
    ["an unknown key", { colour: 1 }, "colour is not a known key"],
    [
      "a filename with a path",
      { filename: "a/b" },
      'filename is not valid: "a/b" cannot be the name of staged data',
    ],
    ["an unknown region", { regions: ["mars-1"] }, 'regions is not valid: unknown region "mars-1"'],
    ["regions that are no list", { regions: 7 }, "regions must be a list of regions"],
    ["no region", { regions: [] }, "regions is not valid: no region given"],
    ["a relative destination", { dest: "x" }, 'dest is not valid: destination "x" is not an absolute path'],
    ["a TTL of 91", { ttl: 91 }, 'ttl is not valid: TTL "91"'],
    ["a TTL of 1.5", { ttl: 1.5 }, 'ttl is not valid: TTL "1.5"'],
    ["a sweep with a space", { sweep: "a b" }, 'sweep is not valid: "a b" is not a sweep ID'],
    ["a pattern alone", { exclude: "*.tmp" }, "exclude must be a list"],
    ["an empty pattern", { exclude: [""] }, 'exclude is not valid: the pattern "" excludes nothing'],
    ["no SHA-256 of what is read", { noSha256: true }, "noSha256 is not valid: the SHA-256 of"],
    [
      "an account without its leading zeros",
      { allowAccounts: [42] },
      'allowAccounts is not valid: "42" is not the ID of an AWS account',
    ],
    ["accounts that are no list", { allowAccounts: true }, "allowAccounts must be a list of account IDs"],
    [
      "a requester who pays for what is local",
      { requestPayer: true },
      "requestPayer is not valid: there are no request charges for reading",
    ],
    [
      "a bandwidth without a unit",
      { bandwidthLimit: "50" },
      'bandwidthLimit is not valid: "50" is not a bandwidth',
    ],
    [
      "another replication",
      { replication: "fax" },
      'replication is not valid: replication "fax" is neither rule nor copy',
    ],
  ] as const) {
    it(`refuse ${what}, and name file, item and key`, () => {
      expect(refusalOf(() => parse([{ ...ITEM, ...change }])).message).to.include(
        `Pulumi.dev.yaml: spawn:entries: item reference: ${message}`,
      );
    });
  }

  for (const [source, name] of [
    ["/data/reference.fasta", "reference.fasta"],
    ["/data/model/", "model"],
    ["/data/model//", "model"],
    ["s3://bucket/path/key.bin", "key.bin"],
    ["s3://bucket/prefix/", "prefix"],
    ["/data/größe 'x' -y", "größe 'x' -y"],
  ] as const) {
    it(`are stored under the name ${name} for ${source}`, () => {
      expect(filenameOf(source)).to.equal(name);
    });
  }

  it("have a stack named by environment and id", () => {
    expect(entryStackName("dev", parseStagingId("stage-abc123def456"))).to.equal("dev.stage-abc123def456");
  });

  it("belong to sweeps whose ids fit a file and a key", () => {
    for (const id of ["sweep-xyz789", "a", "A.b_c-1", "a".repeat(128)]) expect(parseSweepId(id)).to.equal(id);
    for (const id of ["", "-a", ".a", "a b", "a/b", "a".repeat(129)]) {
      expect(refusalOf(() => parseSweepId(id)).message).to.equal(`"${id}" is not a sweep ID`);
    }
  });
});
