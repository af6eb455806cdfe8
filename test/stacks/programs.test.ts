import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { entrySettingsPath } from "../../stacks/data-folder.ts";
import { entryProgram } from "../../stacks/entry-program.ts";
import { ENTRY_SETTINGS, type EntrySettings } from "../../stacks/entry-settings.ts";
import { parseEnvironmentConfig } from "../../stacks/environment-file.ts";
import { environmentProgram } from "../../stacks/environment-program.ts";
import index from "../../stacks/index.ts";
import { withReadableErrors } from "../../stacks/program.ts";
import { userConfigPath } from "../../stacks/user-config.ts";
import { parseAccountId } from "../../staging/accounts.ts";
import { InputError } from "../../staging/errors.ts";
import { environmentPolicy } from "../../staging/policies/policies.ts";
import {
  COMPARE_SOURCE,
  ENTRY_GUARD,
  EXPIRATION,
  PLUGIN_READY,
  RECORD_TYPE,
  STAGED_DATA,
  STAGING_ENTRY,
  SURVEY_ENVIRONMENT,
} from "../../staging/resources/tokens.ts";
import { ACCOUNT_ID, record } from "../components/recorder.ts";
import { entrySpec, environmentSettings } from "../components/settings.ts";
import { errorOf } from "../support/failure.ts";

const ENTRY_STACK = "dev.stage-abc123def456";
const ENTRY: EntrySettings = {
  spec: entrySpec(),
  environment: environmentSettings(),
  writableAt: undefined,
};

const configOf = (regions: string, ...entries: readonly object[]) =>
  parseEnvironmentConfig("dev", { cloud: "local", regions, entries }, "/");

describe("programs", () => {
  describe("of an environment", () => {
    it("exports the outputs for its commands, and its declared entries by name", async () => {
      const entry = { name: "reference", source: "/data/reference.fasta", ttl: 30 };
      const config = configOf("us-east-1,us-west-2", entry);
      const made = await record(environmentProgram(config));
      const id = config.entries[0]?.id ?? "";
      const time = "2024-01-22T10:15:00Z";
      const { entries, policies, ...outputs } = made.outputs;
      expect(policies).to.have.all.keys("operator", "stager", "previewer", "reader", "worker", "boundary");
      expect(policies).to.deep.include({
        reader: environmentPolicy("reader", config.settings, parseAccountId(ACCOUNT_ID)),
      });
      expect(outputs).to.deep.equal({
        name: "dev",
        cloud: "local",
        buckets: {
          "us-east-1": "spawn-staging-us-east-1",
          "us-west-2": "spawn-staging-us-west-2",
        },
        writableAt: { "us-east-1": time, "us-west-2": time },
        tables: {
          region: "us-east-1",
          records: "spawn-staging-dev",
          usage: "spawn-usage-dev",
          sweeps: "spawn-sweeps-dev",
        },
        replicationRole: "arn:of:dev-replication-role",
      });
      expect(entries).to.have.all.keys("reference");
      expect((entries as Record<string, object>)["reference"]).to.include({
        id,
        declaredAs: "reference",
        stack: "dev",
        ttlDays: 30,
      });
      expect(made.get(`${id}-data`).dependsOn).to.include("dev-us-east-1-lifecycle");
    });

    describe("with a staged entry", () => {
      const config = configOf("us-east-1", { name: "hg38", source: "/data/reference.fasta" });
      const ID = "stage-abc123def456";
      const staged = { sha256: "a1", sizeBytes: 7, fileCount: 1, uploadedAt: "2024-01-22T10:30:15Z" };
      const resources = {
        data: { type: STAGED_DATA, outputs: { stagingId: ID, region: "us-east-1", ...staged } },
        entry: {
          type: "spawn:index:StagingEntry",
          outputs: { id: ID, declaredAs: "genome", declaredSource: "data/reference.fasta" },
        },
      };
      const withComparison = (comparison: object) => {
        const asked: unknown[] = [];
        const lookups = {
          "pulumi:pulumi:readStackOutputs": () => ({ outputs: { cloud: "local" } }),
          "pulumi:pulumi:readStackResourceOutputs": () => ({ outputs: resources }),
          [COMPARE_SOURCE]: (args: object) => {
            asked.push(args);
            return { ...comparison };
          },
        };
        return record(environmentProgram(config), { lookups }).then((made) => ({ made, asked }));
      };

      it("keeps the entry of a renamed item whose source is the same", async () => {
        const { made, asked } = await withComparison({ state: "same", stagingId: ID });
        expect(made.get(`${ID}-data`).inputs).to.include({ source: "/data/reference.fasta" });
        expect(asked).to.deep.equal([
          { source: "/data/reference.fasta", exclude: [], staged: [{ stagingId: ID, ...staged }] },
        ]);
      });

      it("declares another entry for a changed source", async () => {
        const { made } = await withComparison({ state: "changed", content: "b2", sha256: "b2" });
        const [data] = made.ofType(STAGED_DATA);
        expect(data?.inputs["stagingId"])
          .to.match(/^stage-[0-9a-f]{12}$/)
          .and.not.equal(ID);
      });
    });

    const ID = "stage-abc123def456";
    const uploadedAt = "2024-01-22T10:30:15Z";
    const madeAt = async (time: string, ttlDays: number, edit: object, more: object = {}) => {
      const item = { name: "genome", id: ID, source: "/data/reference.fasta", ...edit };
      const config = configOf("us-east-1", item);
      const facts = { sha256: "a1", sizeBytes: 7, fileCount: 1, uploadedAt };
      const resources = {
        data: { type: STAGED_DATA, outputs: { stagingId: ID, region: "us-east-1", ...facts } },
        expiration: { type: EXPIRATION, outputs: { stagingId: ID, uploadedAt, ttlDays } },
        ...more,
      };
      const made = await record(environmentProgram(config), {
        lookups: {
          "pulumi:pulumi:readStackOutputs": () => ({ outputs: { cloud: "local" } }),
          "pulumi:pulumi:readStackResourceOutputs": () => ({ outputs: resources }),
          [SURVEY_ENVIRONMENT]: () => ({ tables: [], buckets: [], time }),
          [COMPARE_SOURCE]: () => ({ state: "same", stagingId: ID }),
        },
      });
      return {
        ttlDays: made.get(`${ID}-expiration-us-east-1`).inputs["ttlDays"],
        records: made.ofType(RECORD_TYPE).length,
        guards: made.ofType(ENTRY_GUARD).length,
      };
    };

    it("renews a kept TTL by the server's time, because this machine's clock may be wrong", async () => {
      expect(await madeAt("2024-01-25T12:00:00.000Z", 7, { ttl: 7, keep: true })).to.include({
        ttlDays: 10,
        records: 1,
      });
    });

    it("refuses a TTL that has already ended by the server's time, before it declares a resource", async () => {
      expect(await madeAt("2024-01-28T12:00:00.000Z", 30, { ttl: 7 })).to.include({ ttlDays: 7 });
      const error = await errorOf(madeAt("2024-01-30T12:00:00.000Z", 30, { ttl: 7 }));
      expect(error.message).to.contain("item genome: a TTL of 7 days has already ended");
    });

    it("keeps the TTL of an entry that has expired, and declares no record, which would have no data", async () => {
      const live = { ttlDays: 7, records: 1, guards: 1 };
      expect(await madeAt("2024-01-29T10:30:14.000Z", 7, { ttl: 7 })).to.deep.equal(live);
      const expired = { ...live, records: 0 };
      expect(await madeAt("2024-01-29T10:30:15.000Z", 7, { ttl: 30 })).to.deep.equal(expired);
    });

    it("plans no change of an expired entry of version 0.1.0, which has a record and no guard", async () => {
      const own = { type: STAGING_ENTRY, outputs: { id: ID, uploadedAt, ttlDays: 7 } };
      const item = JSON.stringify({ staging_id: { S: ID } });
      const made = { ttlDays: 7, records: 1, guards: 0 };
      for (const time of ["2024-01-29T10:30:14.000Z", "2024-01-29T10:30:15.000Z"]) {
        const state = { own, record: { type: RECORD_TYPE, outputs: { item } } };
        expect(await madeAt(time, 7, { ttl: 7 }, state)).to.deep.equal(made);
      }
    });

    it("omits missing entries and roles from its exports", async () => {
      const config = configOf("us-east-1");
      const { outputs } = await record(environmentProgram(config));
      expect(outputs["entries"]).to.deep.equal({});
      expect(outputs).not.to.have.property("replicationRole");
    });
  });

  describe("of an entry", () => {
    for (const starts of [true, false]) {
      it(`registers the AWS provider after the staging plugin ${starts ? "has started" : "could not start"}`, async () => {
        let before: readonly string[] = [];
        const pluginReady = async (_args: object, registered: readonly string[]) => {
          while (!registered.includes(STAGED_DATA)) await sleep(5);
          // Time for other registrations that do not wait.
          await sleep(100);
          before = [...registered];
          if (!starts) throw new Error("no plugin");
          return {};
        };
        const made = await record(entryProgram(ENTRY), {
          stack: ENTRY_STACK,
          lookups: { [PLUGIN_READY]: pluginReady },
        });
        expect(before).to.include(STAGED_DATA).and.not.include("pulumi:providers:aws");
        expect(made.ofType("pulumi:providers:aws")).to.have.length(1);
        expect(made.ofType(RECORD_TYPE)).to.have.length(1);
      });
    }

    it("declares the entry alone and exports it", async () => {
      const made = await record(entryProgram(ENTRY), { stack: ENTRY_STACK });
      expect(made.ofType("spawn:index:StagingEnvironment")).to.deep.equal([]);
      expect(made.get("stage-abc123def456-data").dependsOn).to.deep.equal([]);
      expect(made.outputs).to.have.all.keys("entry");
      expect(made.outputs["entry"]).to.include({ id: "stage-abc123def456", stack: ENTRY_STACK });
    });

    it("reads its own state before it declares a resource, because the engine then begins to write the state", async () => {
      let before: readonly string[] | undefined;
      const readStackOutputs = async (_args: object, registered: readonly string[]) => {
        await sleep(50);
        before = [...registered];
        return { outputs: {} };
      };
      const lookups = { "pulumi:pulumi:readStackOutputs": readStackOutputs };
      await record(entryProgram(ENTRY), { stack: ENTRY_STACK, lookups });
      expect(before).to.deep.equal(["pulumi:pulumi:Stack"]);
    });

    it("passes on the times from which buckets are writable", async () => {
      const writableAt = { "us-west-2": "2024-01-22T10:45:00Z" };
      const made = await record(entryProgram({ ...ENTRY, writableAt }), { stack: ENTRY_STACK });
      expect(made.get("stage-abc123def456-replica-us-west-2").inputs["writableAt"]).to.equal(
        "2024-01-22T10:45:00Z",
      );
      expect(made.get("stage-abc123def456-data").inputs).not.to.have.property("writableAt");
    });
  });

  describe("picked by the stack's name", () => {
    let home: string;
    const spawnHome = process.env["SPAWN_HOME"];
    beforeEach(async () => {
      home = await mkdtemp(join(tmpdir(), "spawn home "));
      process.env["SPAWN_HOME"] = home;
    });
    afterEach(async () => {
      if (spawnHome === undefined) delete process.env["SPAWN_HOME"];
      else process.env["SPAWN_HOME"] = spawnHome;
      await rm(home, { recursive: true });
    });

    const entryConfig = () => {
      const { keys: _keys, tableRegion: _region, adopted: _adopted, ...environment } = ENTRY.environment;
      const values = { ...environment, buckets: Object.fromEntries(environment.buckets) };
      return {
        "spawn:entry": JSON.stringify(ENTRY.spec),
        "spawn:environment": JSON.stringify(values),
      };
    };

    const bucketsOfDev = async () => {
      const made = await record(index, {
        stack: "dev",
        config: { "spawn:cloud": "local", "spawn:regions": '["eu-west-1"]', "aws:region": "us-east-1" },
      });
      return made.ofType("aws:s3/bucket:Bucket").map(({ inputs }) => inputs["bucket"]);
    };

    it("is the environment's for dev", async () => {
      expect(await bucketsOfDev()).to.deep.equal(["spawn-staging-eu-west-1"]);
    });

    it("is the environment's with the buckets that the user has configured", async () => {
      const file = userConfigPath();
      await mkdir(dirname(file), { recursive: true });
      const mine = { "staging.bucket.eu-west-1": { name: "my-data", adopt: false } };
      await writeFile(file, JSON.stringify({ environments: { dev: mine } }));
      expect(await bucketsOfDev()).to.deep.equal(["my-data"]);
    });

    it("is the entry's for dev.stage-…, from the stack's configuration", async () => {
      const made = await record(index, { stack: ENTRY_STACK, config: entryConfig() });
      expect(made.get("stage-abc123def456-data").inputs["source"]).to.equal("/data/reference.fasta");
    });

    it("is the entry's from the file that the command line keeps, where there is no configuration", async () => {
      const file = entrySettingsPath(ENTRY_STACK);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, ENTRY_SETTINGS.render(ENTRY));
      const made = await record(index, { stack: ENTRY_STACK });
      expect(made.get("stage-abc123def456-data").inputs["source"]).to.equal("/data/reference.fasta");
    });

    for (const [what, stack, config, message] of [
      [
        "an unknown key",
        "dev",
        { "spawn:regions": "us-east-1", "spawn:colour": "red" },
        "Pulumi.dev.yaml: spawn:colour is not a known key",
      ],
      ["a missing key", "dev", {}, "Pulumi.dev.yaml: spawn:regions is missing"],
      ["an entry without settings", ENTRY_STACK, {}, `the stack ${ENTRY_STACK} has no settings`],
      [
        "the settings of another entry",
        "dev.stage-000000000000",
        entryConfig(),
        `the configuration of dev.stage-000000000000 holds the settings of the stack ${ENTRY_STACK}, not of dev.stage-000000000000`,
      ],
      [
        "a sweep without settings",
        "dev.sweep-abc123def456",
        {},
        "the stack dev.sweep-abc123def456 has no settings",
      ],
    ] as const) {
      it(`refuses ${what} with one message, the cause and no stack trace`, async () => {
        const error = await errorOf(record(index, { stack, config }));
        expect(pulumi.RunError.isInstance(error)).to.equal(true);
        expect(error.message.split("\n")[0]).to.equal(message);
      });
    }

    it("refuses a declared entry in a region without a bucket, and names it", async () => {
      const error = await errorOf(
        record(index, {
          stack: "dev",
          config: {
            "spawn:regions": '["us-east-1"]',
            "spawn:entries": '[{"name":"a","source":"x"},{"name":"b","source":"y","regions":["eu-west-1"]}]',
          },
        }),
      );
      expect(error.message).to.include("item b: regions is not valid");
    });
  });

  for (const [what, program] of [
    ["an environment", environmentProgram(configOf("us-east-1,us-west-2"))],
    ["an entry", entryProgram(ENTRY)],
  ] as const) {
    it(`make all AWS resources of ${what} with one declared provider, whose region never changes`, async () => {
      const made = await record(program, { stack: what === "an entry" ? ENTRY_STACK : "dev" });
      expect(made.get("aws").inputs).to.include({ region: "us-east-1" });
      const resources = made.resources.filter(({ type }) => type.startsWith("aws:"));
      expect(resources).not.to.be.empty;
      for (const { provider } of resources) expect(provider).to.contain("pulumi:providers:aws::aws::");
    });
  }

  it("keep the stack trace of a bug", async () => {
    const bug = new TypeError("a bug");
    expect(await errorOf(withReadableErrors(() => Promise.reject(bug))())).to.equal(bug);
    const input = new InputError("bad", { why: "because", fix: "do this" });
    const shown = await errorOf(withReadableErrors(() => Promise.reject(input))());
    expect(shown.message).to.equal("bad\nWhy: because\nFix: do this");
  });
});
