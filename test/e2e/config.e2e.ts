import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, DeleteBucketCommand, PutBucketTaggingCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { type Ended, succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

interface Entry {
  readonly key: string;
  readonly value: string | null;
  readonly source: string;
  readonly environment?: string;
  readonly adopted?: boolean;
}

describe("spawn config", () => {
  let world: World;
  /** Other tests share the world, so this config file is separate. */
  let folder: string;
  let variables: NodeJS.ProcessEnv;
  before(async () => {
    world = await sharedWorld();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(world.home, "own config "));
    variables = { SPAWN_CONFIG_DIR: folder };
  });
  afterEach(() => rm(folder, { recursive: true }));

  const file = () => join(folder, "config.json");
  const spawn = (...args: string[]): Promise<Ended> => world.startIn({ env: variables }, ...args).ended;
  const set = (...args: string[]): Promise<Ended> => succeed(spawn("config", "set", ...args));
  async function resultOf<T>(...args: string[]): Promise<T> {
    const { stdout } = await succeed(spawn(...args, "--json"));
    return (JSON.parse(stdout) as { result: T }).result;
  }
  async function entryOf(key: string): Promise<Entry | undefined> {
    return (await resultOf<Entry[]>("config", "list")).find((entry) => entry.key === key);
  }

  it("sets, shows, lists and unsets a value, in a file that only its owner can read", async () => {
    expect((await spawn("config", "get", "staging.ttl")).stdout).to.equal("7\n");
    expect(existsSync(file())).to.equal(false);
    const done = { code: 0, stdout: "✅ staging.ttl is set.\n", stderr: "" };
    expect(await set("staging.ttl", "14")).to.deep.equal(done);
    expect((await spawn("config", "get", "staging.ttl")).stdout).to.equal("14\n");
    expect((await stat(file())).mode & 0o777).to.equal(0o600);
    const { stdout } = await succeed(spawn("config", "list"));
    expect(stdout).to.match(/^KEY +VALUE +FROM\n/);
    expect(stdout).to.match(/^staging\.ttl +14 +user config$/m);
    expect(stdout).to.match(/^prices +guide +default$/m);
    expect(stdout).to.match(/^staging\.bucket\.eu-west-1 +spawn-staging-eu-west-1 +Pulumi\.dev\.yaml$/m);
    const unset = await succeed(spawn("config", "unset", "staging.ttl"));
    expect(unset.stdout).to.equal("✅ staging.ttl is no longer set.\n");
    const again = { key: "staging.ttl", removed: false };
    expect(await resultOf("config", "unset", "staging.ttl")).to.deep.equal(again);
    expect(await entryOf("staging.ttl")).to.include({ value: "7", source: "default" });
  });

  it("keeps every value that concurrent commands set", async () => {
    await Promise.all([
      set("staging.ttl", "14"),
      set("prices", "aws"),
      set("staging.replication", "copy"),
      set("staging.regions", "us-west-2, eu-west-1"),
    ]);
    expect(JSON.parse(await readFile(file(), "utf8"))).to.include({
      "staging.ttl": "14",
      prices: "aws",
      "staging.replication": "copy",
      "staging.regions": "us-west-2,eu-west-1",
    });
    expect(await readdir(folder)).to.deep.equal(["config.json"]);
  });

  for (const [args, message, fix] of [
    [["staging.tll", "7"], 'there is no key "staging.tll" to configure', "Use staging.ttl."],
    [["staging.ttl", "91"], 'TTL "91" is not a whole number', "spawn config set staging.ttl 7"],
    [["prices", "cheap"], '"cheap" is not a price book', "spawn config set prices guide"],
    [
      ["staging.replication", "fax"],
      'replication "fax" is neither rule nor copy',
      "spawn config set staging.replication rule",
    ],
    [["staging.regions", "useast1"], 'unknown region "useast1"', "Use us-east-1."],
    [["staging.regions", "ap-south-1"], "ap-south-1", "Pulumi.dev.yaml"],
    [["environment", "nowhere"], "there is no environment nowhere", "Write Pulumi.nowhere.yaml"],
    [["backend.url", "ftp://host"], '"ftp://host" is not the URL of a backend', undefined],
    [
      ["backend.url", "file:///nowhere/state"],
      "the backend file:///nowhere/state is not a folder",
      "mkdir -p",
    ],
    [["staging.bucket.us-east-1", "My_Bucket"], '"My_Bucket" cannot name a bucket', undefined],
    [["staging.bucket.ap-south-1", "my-data"], "ap-south-1", "Pulumi.dev.yaml"],
    [
      ["staging.bucket.us-east-1", "spawn-staging-us-west-2"],
      "spawn-staging-us-west-2 is already the bucket of us-west-2",
      "spawn config set staging.bucket.us-east-1",
    ],
    [["staging.ttl", "7", "--adopt"], "--adopt does not apply to staging.ttl", undefined],
  ] as const) {
    it(`refuses ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await spawn("config", "set", ...args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.match(/^Error: /);
      expect(stderr).to.contain(message);
      if (fix !== undefined) expect(stderr.slice(stderr.indexOf("Fix: "))).to.contain(fix);
      expect(existsSync(file())).to.equal(false);
    });
  }

  it("names a damaged file and the command that repairs it", async () => {
    await writeFile(file(), '{"staging.ttl": "7"');
    for (const args of [
      ["stage", "list"],
      ["config", "set", "staging.ttl", "9"],
      ["config", "list"],
    ]) {
      const { code, stdout, stderr } = await spawn(...args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.contain(`Error: the configuration ${file()} cannot be used\n`);
    }
    expect((await spawn("config", "--help")).code).to.equal(0);
    const { stderr } = await spawn("stage", "list");
    const [, command = ""] = /\b(rm '.*')\n/.exec(stderr) ?? [];
    await succeed(world.bash(command));
    await succeed(spawn("stage", "list"));
  });

  it("sets the defaults of an estimate, which flags override", async () => {
    const estimated = (...flags: string[]) =>
      resultOf<Record<string, unknown>>("stage", "estimate", "--data-size-gb", "100", ...flags);
    const before = await estimated();
    await set("prices", "aws");
    await set("staging.ttl", "30");
    await set("staging.regions", "eu-west-1,us-east-1,us-west-2");
    const after = await estimated();
    expect(after).to.not.deep.equal(before);
    await succeed(spawn("config", "unset", "prices"));
    expect(await estimated("--prices", "aws")).to.deep.equal(after);
    const flags = ["--prices", "guide", "--ttl", "7", "--regions", "us-east-1,us-west-2"];
    expect(await estimated(...flags)).to.deep.equal(before);
  });

  it("yields to environment variables, and selects the environment", async () => {
    const other = join(world.project, "Pulumi.other.yaml");
    await writeFile(other, "config: {spawn:regions: [us-east-1]}\n");
    try {
      await set("environment", "other");
      expect(await entryOf("environment")).to.include({ value: "other", source: "user config" });
      expect(await entryOf("backend.url")).to.include({ environment: "other", value: null });
      const dev = await resultOf<Entry[]>("config", "list", "--environment", "dev");
      expect(dev.find(({ key }) => key === "backend.url")).to.include({ environment: "dev" });
      variables = { ...variables, SPAWN_ENVIRONMENT: "dev", PULUMI_BACKEND_URL: "s3://from-the-shell" };
      expect(await entryOf("environment")).to.include({ value: "dev", source: "SPAWN_ENVIRONMENT" });
      const { stdout, stderr } = await set("backend.url", "s3://states");
      expect(stdout).to.contain("backend.url is set");
      expect(stderr).to.contain("PULUMI_BACKEND_URL is set in this shell and overrides it");
      expect(await entryOf("backend.url")).to.include({ value: "s3://from-the-shell", environment: "dev" });
    } finally {
      await rm(other);
    }
  });

  it("sets an upload's default regions and TTL", async () => {
    await set("staging.regions", "eu-west-1");
    await set("staging.ttl", "3");
    await world.writeFile("configured.dat", randomFile(10_000));
    const metadata = await resultOf<Record<string, unknown>>("stage", "upload", "configured.dat");
    expect(metadata).to.deep.include({ regions: ["eu-west-1"], ttl_days: 3 });
    await succeed(world.spawn("stage", "delete", String(metadata["staging_id"]), "--yes"));
  });

  it("shows where the state is", async () => {
    const state = join(folder, "state");
    await mkdir(state);
    const url = `file://${encodeURI(state)}`;
    await set("backend.url", url);
    expect(await resultOf("env")).to.include({ PULUMI_BACKEND_URL: url });
    expect(await resultOf("config", "get", "backend.url")).to.include({ value: url, source: "user config" });
  });

  it("sets a bucket's name, which plain pulumi uses, too", async () => {
    // An environment without a bucket: one with data could not be renamed.
    const settings = join(world.project, "Pulumi.named.yaml");
    await writeFile(settings, "config: {spawn:cloud: local, spawn:regions: [eu-west-1]}\n");
    variables = { ...variables, SPAWN_ENVIRONMENT: "named" };
    const key = "staging.bucket.eu-west-1";
    const { stderr } = await set(key, "not-there-yet");
    expect(stderr).to.contain("spawn environment up");
    const configured = { value: "not-there-yet", source: "user config", adopted: false };
    expect(await entryOf(key)).to.include(configured);
    const preview = await world.bash(
      `export SPAWN_CONFIG_DIR='${folder}'
eval "$(spawn env)"
pulumi stack init named --no-select >&2
pulumi preview -s named --json
pulumi stack rm named --yes --preserve-config >&2`,
      world.project,
    );
    expect(preview.stdout, preview.stderr).to.contain('"not-there-yet"');
    await rm(settings);
  });

  it("adopts an existing bucket unless the environment created it or --no-adopt is given", async () => {
    const key = "staging.bucket.eu-west-1";
    await set(key, "spawn-staging-eu-west-1");
    expect(await entryOf(key)).to.include({ adopted: false });
    const s3 = (await world.aws()).s3("eu-west-1");
    const Bucket = "made-by-hand";
    await s3.send(
      new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }),
    );
    try {
      const { stdout } = await set(key, Bucket);
      expect(stdout).to.contain("made-by-hand already exists: spawn will adopt it");
      expect(await entryOf(key)).to.include({ value: Bucket, adopted: true });
      await set(key, Bucket, "--no-adopt");
      expect(await entryOf(key)).to.include({ value: Bucket, adopted: false });
      const TagSet = [{ Key: "spawn:environment", Value: "prod" }];
      await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }));
      const refused = await spawn("config", "set", key, Bucket);
      expect({ code: refused.code, stdout: refused.stdout }).to.deep.equal({ code: 2, stdout: "" });
      expect(refused.stderr).to.contain(`Error: another environment has created the bucket ${Bucket}\n`);
    } finally {
      await s3.send(new DeleteBucketCommand({ Bucket }));
    }
  });

  it("requires --adopt or --no-adopt if it cannot read the bucket", async () => {
    variables = { ...variables, AWS_ENDPOINT_URL: "http://127.0.0.1:9" };
    const args = ["staging.bucket.us-east-1", "my-data"];
    const { code, stderr } = await spawn("config", "set", ...args);
    expect(code, stderr).to.equal(2);
    expect(stderr).to.contain("Error: the bucket my-data cannot be looked at\n");
    expect(stderr).to.match(/^Fix: .*--adopt .*--no-adopt /m);
    await set(...args, "--adopt");
    expect(await entryOf("staging.bucket.us-east-1")).to.include({ value: "my-data", adopted: true });
  });
});
