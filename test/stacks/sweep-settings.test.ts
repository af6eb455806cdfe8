import { expect } from "chai";
import fc from "fast-check";
import { parse } from "yaml";
import { SWEEP_SETTINGS, type SweepSettings } from "../../stacks/sweep-settings.ts";
import { parseAccountId } from "../../staging/accounts.ts";
import { parseDestination } from "../../staging/destination.ts";
import { InputError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { REGIONS } from "../../staging/regions.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import type { SweepDataset, SweepRegion, SweepSpec } from "../../staging/sweep/spec.ts";
import { environmentSettings } from "../components/settings.ts";
import { refusalOf } from "../staging/refusal.ts";
import { dataset, shares, sweepSpec } from "../staging/sweep/sweep-spec.ts";

const settings = (spec: SweepSpec = sweepSpec()): SweepSettings => ({
  spec,
  environment: environmentSettings({ buckets: { "us-west-2": "genomes-oregon" }, sweepsTable: "sweeps" }),
});

/** Without the keys that derive names: the file contains every name itself. */
const values = ({ spec, environment: { keys: _keys, ...environment } }: SweepSettings) => ({
  spec,
  environment,
});

const expectReread = (written: SweepSettings) =>
  expect(values(SWEEP_SETTINGS.parseFile(SWEEP_SETTINGS.render(written), "file"))).to.deep.equal(
    values(written),
  );

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: digits, maxLength: digits })
    .map((all) => all.join(""));
const text = fc.string({ unit: "binary", maxLength: 40 }).filter((found) => !/[\p{C}/]/u.test(found));
const path = text
  .filter((found) => found !== "" && !found.includes("..") && found !== ".")
  .map((found) => `/mnt/${found}`);

const anyRegions: fc.Arbitrary<[SweepRegion, ...SweepRegion[]]> = fc
  .record({
    regions: fc.uniqueArray(fc.constantFrom(...REGIONS), { minLength: 1, maxLength: 4 }),
    counts: fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 4, maxLength: 4 }),
    subnets: fc.uniqueArray(
      hex(17).map((id) => `subnet-${id}`),
      { maxLength: 3 },
    ),
  })
  .map(({ regions, counts, subnets }) => {
    const [first, ...others] = shares(
      Object.fromEntries(regions.map((region, at) => [region, counts[at] ?? 1])),
    );
    return [{ ...first, subnets }, ...others.map((share) => ({ ...share, workers: 1 }))];
  });

const anyDataset: fc.Arbitrary<SweepDataset> = fc
  .record({
    stagingId: hex(12).map((id) => parseStagingId(`stage-${id}`)),
    kind: fc.constantFrom("file", "directory"),
    filename: text.filter((found) => found !== "" && found !== "." && found !== ".."),
    sizeBytes: fc.nat(),
    manifestSha256: hex(64),
    destination: path.map(parseDestination),
    account: fc.option(fc.constant(parseAccountId("012345678901")), { nil: undefined }),
  })
  .map(({ account, ...others }) => dataset({ ...others, ...(account === undefined ? {} : { account }) }));

const anySpec: fc.Arbitrary<SweepSpec> = fc
  .record({
    id: hex(12).map((id) => parseLaunchedSweepId(`sweep-${id}`)),
    name: fc.constantFrom("a", "007", "1e3", "2024-01-01", "no", "x".repeat(63)),
    regions: anyRegions,
    datasets: fc.array(anyDataset, { maxLength: 3 }),
    command: fc
      .string({ unit: "binary", maxLength: 200 })
      .filter((found) => found.trim() !== "" && !found.includes("\0")),
    spot: fc.boolean(),
    diskGib: fc.integer({ min: 8, max: 16_384 }),
    retries: fc.record({ interrupted: fc.nat(100), error: fc.nat(100) }),
    deadlineSeconds: fc.integer({ min: 1, max: 7_776_000 }),
    iamActions: fc.uniqueArray(fc.constantFrom("s3:GetObject", "s3:Get*", "kms:Decrypt")),
    managedPolicies: fc.uniqueArray(
      fc.constantFrom(
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "arn:aws:iam::123456789012:policy/team/own",
      ),
    ),
    generation: fc.nat(1_000),
    optional: fc.record(
      {
        rows: fc.record({ file: path, sha256: hex(64) }),
        timeoutSeconds: fc.integer({ min: 1, max: 7_776_000 }),
        results: fc.constantFrom("s3://results/", "s3://results/2024/run 7/", "s3://007/1e3/"),
        retryIndices: fc.constantFrom([], [0]),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ optional, ...others }) => sweepSpec({ ...others, ...optional }));

describe("settings file of a sweep", () => {
  it("survives a round trip", () => {
    expectReread(settings());
  });

  it("survives a round trip with any content", () => {
    fc.assert(
      fc.property(anySpec, (spec) => {
        expectReread(settings(spec));
      }),
      { numRuns: 100 },
    );
  });

  it("is also read from the engine's values", () => {
    const { config } = parse(SWEEP_SETTINGS.render(settings())) as { config: Record<string, unknown> };
    const given = JSON.parse(
      JSON.stringify({ sweep: config["spawn:sweep"], environment: config["spawn:environment"] }),
    ) as Record<string, unknown>;
    expect(values(SWEEP_SETTINGS.parseValues(given, "the configuration"))).to.deep.equal(values(settings()));
  });

  it("does not grow with the number of indices", () => {
    const large = sweepSpec({ regions: shares({ "us-east-1": 50_000, "us-west-2": 50_000 }) });
    expect(SWEEP_SETTINGS.render(settings(large)).length).to.be.below(
      SWEEP_SETTINGS.render(settings()).length + 50,
    );
  });

  describe("after manual changes", () => {
    const forged = (change: (sweep: Record<string, unknown>) => void): string => {
      const { config } = parse(SWEEP_SETTINGS.render(settings())) as {
        config: { "spawn:sweep": Record<string, unknown> };
      };
      change(config["spawn:sweep"]);
      return JSON.stringify({ config });
    };
    const refusal = (change: (sweep: Record<string, unknown>) => void) =>
      refusalOf(() => SWEEP_SETTINGS.parseFile(forged(change), "file"));
    const [first, second] = sweepSpec().regions;
    const regions = (...changed: object[]) => changed;

    for (const [key, value, message] of [
      ["id", "sweep-1", 'id is not valid: "sweep-1" is not the ID of a sweep'],
      ["id", undefined, "id is missing"],
      ["id", 7, "id must be a text"],
      ["name", "a/b", 'name is not valid: "a/b" has another form'],
      ["name", "a\nb", "name is not valid"],
      ["count", 0, "count must be a whole number from 1 to 100000"],
      ["count", 1.5, "count must be a whole number from 1 to 100000"],
      ["count", "100", "count must be a whole number from 1 to 100000"],
      ["count", 101, "regions have 100 indices, and count is 101"],
      ["regions", [], "regions is empty"],
      ["regions", {}, "regions must be a list"],
      ["regions", ["us-east-1"], "regions[0] must be a mapping"],
      [
        "regions",
        regions({ ...first, region: "mars-1" }),
        'regions[0].region is not valid: unknown region "mars-1"',
      ],
      ["regions", regions({ ...first, start: 1 }, { ...second }), "regions[0] begins with index 1, not 0"],
      ["regions", regions({ ...first }, { ...second, start: 51 }), "regions[1] begins with index 51, not 50"],
      ["regions", regions({ ...first }, { ...second, start: 49 }), "regions[1] begins with index 49, not 50"],
      [
        "regions",
        regions({ ...first }, { ...second, region: "us-east-1" }),
        "regions[1] has us-east-1 twice",
      ],
      ["regions", regions({ ...first, end: 0 }, { ...second }), "regions[0] has no indices"],
      [
        "regions",
        regions({ ...first, workers: 51 }, { ...second }),
        "regions[0] has more workers than indices: 51",
      ],
      [
        "regions",
        regions({ ...first, workers: 0 }, { ...second }),
        "regions[0].workers must be a whole number from 1",
      ],
      [
        "regions",
        regions({ ...first, subnets: ["vpc-1"] }, { ...second }),
        'regions[0].subnets[0] is not valid: "vpc-1"',
      ],
      [
        "regions",
        regions({ ...first, colour: "red" }, { ...second }),
        "regions[0].colour is not a known key",
      ],
      ["instanceTypes", [], "instanceTypes is empty"],
      ["instanceTypes", ["m5"], 'instanceTypes[0] is not valid: "m5" has another form'],
      ["instanceTypes", ["m5.large", "m5.large"], 'instanceTypes has "m5.large" twice'],
      ["instanceTypes", ["m6g.large"], "architecture is x86_64, which m6g.large has not"],
      ["architecture", "i386", "architecture must be one of x86_64, arm64"],
      ["spot", "yes", "spot must be true or false"],
      ["diskGib", 7, "diskGib must be a whole number from 8 to 16384"],
      ["datasets", [{ ...dataset(), stagingId: "stage-1" }], "datasets[0].stagingId is not valid"],
      ["datasets", [{ ...dataset(), kind: "link" }], "datasets[0].kind must be one of file, directory"],
      ["datasets", [{ ...dataset(), filename: "../x" }], "datasets[0].filename is not valid"],
      ["datasets", [{ ...dataset(), sizeBytes: -1 }], "datasets[0].sizeBytes must be a whole number from 0"],
      [
        "datasets",
        [{ ...dataset(), manifestSha256: "B2".repeat(32) }],
        "datasets[0].manifestSha256 is not valid",
      ],
      ["datasets", [{ ...dataset(), destination: "data" }], "datasets[0].destination is not valid"],
      ["datasets", [{ ...dataset(), destination: "/a/../etc" }], "datasets[0].destination is not valid"],
      ["datasets", [{ ...dataset(), copies: [] }], "datasets[0].copies is empty"],
      [
        "datasets",
        [{ ...dataset(), copies: [{ region: "us-east-1", bucket: "a b" }] }],
        "datasets[0].copies[0].bucket is not valid",
      ],
      ["datasets", [{ ...dataset(), account: "12" }], "datasets[0].account is not valid"],
      ["datasets", undefined, "datasets is missing"],
      ["rows", { file: "rows.jsonl", sha256: "a1".repeat(32) }, "rows.file is not valid"],
      ["rows", { file: "/rows.jsonl", sha256: "a1" }, "rows.sha256 is not valid"],
      ["rows", { file: "/rows.jsonl" }, "rows.sha256 is missing"],
      ["command", " ", "command is not valid: expected a shell script, got nothing"],
      ["retries", { interrupted: 3 }, "retries.error is missing"],
      ["timeoutSeconds", 0, "timeoutSeconds must be a whole number from 1"],
      ["results", "s3://results/x", "results is not valid: s3://results/x is an object, not a prefix"],
      ["results", "https://results/", "results is not valid"],
      ["deadlineSeconds", 7_776_001, "deadlineSeconds must be a whole number from 1 to 7776000"],
      ["iamActions", ["*"], 'iamActions[0] is not valid: "*" is not an action of IAM'],
      ["managedPolicies", ["AmazonS3ReadOnlyAccess"], "managedPolicies[0] is not valid"],
      ["generation", -1, "generation must be a whole number from 0"],
      ["retryIndices", [100], "retryIndices[0] must be a whole number from 0 to 99"],
      ["retryIndices", [7, 7], 'retryIndices has "7" twice'],
      ["colour", "red", "colour is not a known key"],
      ["__proto__x", 1, "__proto__x is not a known key"],
    ] as const) {
      it(`refuses ${key} ${JSON.stringify(value)?.slice(0, 100)}`, () => {
        const error = refusal((sweep) => {
          if (value === undefined) delete sweep[key];
          else sweep[key] = value;
        });
        expect(error.message).to.match(/^file: spawn:sweep: /);
        expect(error.message.slice("file: spawn:sweep: ".length)).to.satisfy((found: string) =>
          found.startsWith(message),
        );
      });
    }

    it("refuses more instance types and managed policies than AWS takes", () => {
      const types = Array.from({ length: 41 }, (_, at) => `m${at}.large`);
      expect(refusal((sweep) => Object.assign(sweep, { instanceTypes: types })).message).to.include(
        "the maximum is 40",
      );
      const managedPolicies = Array.from({ length: 11 }, (_, at) => `arn:aws:iam::aws:policy/P${at}`);
      expect(refusal((sweep) => Object.assign(sweep, { managedPolicies })).message).to.include(
        "the maximum is 10",
      );
    });

    it("names what is wrong with the environment", () => {
      const { config } = parse(SWEEP_SETTINGS.render(settings())) as {
        config: { "spawn:environment": Record<string, unknown> };
      };
      config["spawn:environment"]["cloud"] = "moon";
      expect(() => SWEEP_SETTINGS.parseFile(JSON.stringify({ config }), "file")).to.throw(
        InputError,
        'file: spawn:environment: spawn:cloud must be "local" or "aws"',
      );
      config["spawn:environment"] = { writableAt: {} };
      expect(() => SWEEP_SETTINGS.parseFile(JSON.stringify({ config }), "file")).to.throw(
        InputError,
        "file: spawn:environment: name is missing",
      );
    });

    for (const [content, message] of [
      ["", "file does not hold the settings of a stack of this kind: sweep"],
      ["config: {}", "file: spawn:sweep is missing"],
      ["a: [", "file:1:5: not valid YAML"],
    ] as const) {
      it(`refuses ${JSON.stringify(content)}`, () => {
        expect(() => SWEEP_SETTINGS.parseFile(content, "file")).to.throw(InputError, message);
      });
    }

    it("refuses keys of a stack of another kind", () => {
      expect(() => SWEEP_SETTINGS.parseValues({ entry: {} }, "the configuration")).to.throw(
        InputError,
        "the configuration: spawn:entry is not a known key",
      );
    });
  });

  it("belongs to one stack", () => {
    SWEEP_SETTINGS.assertOf("dev.sweep-abc123def456", settings(), "file");
    expect(() => SWEEP_SETTINGS.assertOf("dev.sweep-000000000000", settings(), "file")).to.throw(
      InputError,
      "file holds the settings of the stack dev.sweep-abc123def456, not of dev.sweep-000000000000",
    );
  });
});
