import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { ENTRY_SETTINGS, type EntrySettings } from "../../stacks/entry-settings.ts";
import { parseSweepId } from "../../staging/entry.ts";
import { InputError } from "../../staging/errors.ts";
import { entrySpec, environmentSettings } from "../components/settings.ts";

const settings = (changes: Partial<EntrySettings> = {}): EntrySettings => ({
  spec: entrySpec(),
  environment: environmentSettings({ buckets: { "us-west-2": "genomes-oregon" } }),
  writableAt: undefined,
  ...changes,
});

/** Without the keys that derive names: the file contains every name itself. */
const values = ({ environment: { keys: _keys, ...environment }, ...others }: EntrySettings) => ({
  ...others,
  environment,
});

const expectReread = (written: EntrySettings) =>
  expect(values(ENTRY_SETTINGS.parseFile(ENTRY_SETTINGS.render(written), "file"))).to.deep.equal(
    values(written),
  );

describe("settings file of an entry", () => {
  it("survives a round trip", () => {
    const written = settings({ writableAt: { "us-east-1": "2024-01-22T10:45:00Z" } });
    expectReread(written);
  });

  it("has the region of the tables and the prefix of names, and no such keys where they are the default", () => {
    const other = settings({
      environment: environmentSettings({ tableRegion: "us-west-2", namePrefix: "acme" }),
    });
    expectReread(other);
    expect(ENTRY_SETTINGS.render(settings())).to.not.match(/tableRegion|namePrefix/);
  });

  it("names the buckets that the user made, and no such key where there are none", () => {
    const adopting = settings({ environment: environmentSettings({ adopt: ["us-west-2"] }) });
    expectReread(adopting);
    expect(ENTRY_SETTINGS.render(settings())).to.not.include("adopt");
  });

  it("survives a round trip with any source name and sweep ID", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", minLength: 1 }),
        fc.constantFrom("007", "1_000", "2024-01-01", "yes", "12.30", "0x10", "1e3", undefined),
        (name, sweep) => {
          const sweepId = sweep === undefined ? undefined : parseSweepId(sweep);
          const written = settings({ spec: entrySpec("eu-west-1", { source: `/${name}`, sweepId }) });
          expectReread(written);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is a settings file of Pulumi with two keys, whose texts every reader takes for texts", () => {
    const text = ENTRY_SETTINGS.render(settings({ spec: entrySpec("us-east-1", { sweepId: "2024-01-01" }) }));
    expect(text).to.include('sweepId: "2024-01-01"');
    expect(text).not.to.match(/[&*]a\d/);
    expect(Object.keys((parse(text) as { config: object }).config)).to.deep.equal([
      "spawn:entry",
      "spawn:environment",
    ]);
  });

  it("is also read from the engine's values", () => {
    const { config } = parse(ENTRY_SETTINGS.render(settings())) as { config: Record<string, unknown> };
    const given = JSON.parse(
      JSON.stringify({ entry: config["spawn:entry"], environment: config["spawn:environment"] }),
    ) as Record<string, unknown>;
    expect(values(ENTRY_SETTINGS.parseValues(given, "the configuration"))).to.deep.equal(values(settings()));
  });

  describe("after manual changes", () => {
    const refusing = (part: "spawn:entry" | "spawn:environment", key: string, value: unknown) => {
      const { config } = parse(ENTRY_SETTINGS.render(settings())) as {
        config: Record<typeof part, Record<string, unknown>>;
      };
      config[part][key] = value;
      return expect(() => ENTRY_SETTINGS.parseFile(JSON.stringify({ config }), "file"));
    };

    for (const [key, value, message] of [
      ["id", "stage-1", 'is not valid: "stage-1" is not a staging ID'],
      ["source", undefined, "is missing"],
      ["regions", "us-east-1", "must be a list of regions"],
      ["regions", ["mars-1"], 'is not valid: unknown region "mars-1"'],
      ["destination", "data", 'is not valid: destination "data" is not an absolute path'],
      ["ttl", 91, 'is not valid: TTL "91" is not a whole number of days from 1 to 90'],
      ["ttl", undefined, "is missing"],
      ["sweepId", "a b", 'is not valid: "a b" is not a sweep ID'],
      ["replication", "fax", 'is not valid: replication "fax" is neither rule nor copy'],
    ] as const) {
      it(`names the entry's ${key} ${JSON.stringify(value)}`, () => {
        refusing("spawn:entry", key, value).to.throw(InputError, `file: spawn:entry: ${key} ${message}`);
      });
    }

    for (const [key, value, message] of [
      ["name", undefined, "file: spawn:environment: name is missing"],
      ["name", "Dev", '"Dev" is not the name of an environment'],
      ["cloud", "moon", 'file: spawn:environment: spawn:cloud must be "local" or "aws"'],
      ["writableAt", "now", "file: spawn:environment: writableAt must map regions to times"],
      ["writableAt", { "us-east-1": "soon" }, "file: spawn:environment: writableAt.us-east-1 is not a time"],
      ["colour", "red", "file: spawn:environment: spawn:colour is not a known key"],
    ] as const) {
      it(`names the environment's ${key} ${JSON.stringify(value)}`, () => {
        refusing("spawn:environment", key, value).to.throw(InputError, message);
      });
    }

    for (const [text, message] of [
      ["", "file does not hold the settings of a stack of this kind: entry"],
      ["config: {}", "file: spawn:entry is missing"],
      ["a: [", "file:1:5: not valid YAML"],
    ] as const) {
      it(`refuses ${JSON.stringify(text)}`, () => {
        expect(() => ENTRY_SETTINGS.parseFile(text, "file")).to.throw(InputError, message);
      });
    }
  });

  it("refuses keys of a stack of another kind", () => {
    expect(() => ENTRY_SETTINGS.parseValues({ regions: "us-east-1" }, "the configuration")).to.throw(
      InputError,
      "the configuration: spawn:regions is not a known key",
    );
  });

  it("belongs to one stack", () => {
    ENTRY_SETTINGS.assertOf("dev.stage-abc123def456", settings(), "file");
    expect(() => ENTRY_SETTINGS.assertOf("dev.stage-000000000000", settings(), "file")).to.throw(
      InputError,
      "file holds the settings of the stack dev.stage-abc123def456, not of dev.stage-000000000000",
    );
  });
});
