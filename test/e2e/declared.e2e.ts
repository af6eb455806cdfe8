import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Aws, sha256 } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const REGIONS = ["us-west-2", "us-east-1"] as const;
const FILE = "Pulumi.declared.yaml";
const bucketOf = (region: string): string => `e2e-declared-${region}`;

interface Item {
  readonly name: string;
  readonly ttl: number;
  readonly allowAccounts?: string;
  /** @default data/<name>.bin */
  readonly source?: string;
}

/** An environment's file, as someone writes it, with items whose sources lie beside it. */
function settings(items: readonly Item[]): string {
  const entries = items.map(
    ({ name, ttl, allowAccounts = "[]", source = `data/${name}.bin` }) => `    - name: ${name}
      source: ${source}
      dest: /opt/${name}
      ttl: ${ttl}
      sweep: sweep-declared
      allowAccounts: ${allowAccounts}
`,
  );
  return `config:
  spawn:cloud: local
  spawn:regions: [${REGIONS.join(", ")}]
  spawn:bucketPrefix: e2e-declared-
  spawn:entries:${items.length === 0 ? " []\n" : `\n${entries.join("")}`}`;
}

describe("Entries that an environment's file declares", function () {
  this.timeout(120_000);
  const contents = { reference: randomFile(18_000_000), extra: randomFile(1_000) };
  const ids: Record<string, string> = {};
  let world: World;
  let aws: Aws;

  const list = async () => {
    const { stdout } = await succeed(world.spawn("stage", "list", "--environment", "declared", "--json"));
    return (JSON.parse(stdout) as { result: Record<string, unknown>[] }).result;
  };
  const versionsOf = async (name: string) =>
    (
      await Promise.all(REGIONS.map((region) => aws.versions(region, bucketOf(region), `${ids[name]}/`)))
    ).flat();
  const record = (name: string) => aws.item("spawn-staging-declared", ids[name] ?? "", REGIONS[0]);
  const up = () => succeed(world.pulumi("pulumi up -s declared --yes --skip-preview"));

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await mkdir(join(world.project, "data"), { recursive: true });
    for (const [name, bytes] of Object.entries(contents)) {
      await writeFile(join(world.project, "data", `${name}.bin`), bytes);
    }
    await world.writeProjectFile(
      FILE,
      settings([
        { name: "reference", ttl: 5 },
        { name: "extra", ttl: 7, allowAccounts: '["000000000042", 123456789012]' },
      ]),
    );
  });

  it("are uploaded by pulumi up, into every region", async () => {
    await succeed(world.pulumi("pulumi stack init declared --no-select"));
    await up();
    const entries = await list();
    expect(entries).to.have.length(2);
    for (const entry of entries) ids[String(entry["declared_as"])] = String(entry["staging_id"]);
    expect(Object.keys(ids).sort()).to.deep.equal(["extra", "reference"]);
    for (const [name, bytes] of Object.entries(contents)) {
      for (const region of REGIONS) {
        const key = `${ids[name]}/${name}.bin`;
        expect(await aws.sha256(region, bucketOf(region), key), `${name} in ${region}`).to.equal(
          sha256(bytes),
        );
      }
    }
  });

  it("show in list and info", async () => {
    const args = ["--environment", "declared", "--format", "json"];
    const { stdout } = await succeed(world.spawn("stage", "info", ids["reference"] ?? "", ...args));
    expect(JSON.parse(stdout)).to.deep.include({
      staging_id: ids["reference"],
      filename: "reference.bin",
      size_bytes: 18_000_000,
      sha256: sha256(contents.reference),
      regions: [...REGIONS],
      destination: "/opt/reference",
      sweep_id: "sweep-declared",
      stack: "declared",
      declared_as: "reference",
    });
    // Another environment on the same cloud does not show them.
    expect((await succeed(world.spawn("stage", "list", "--json"))).stdout).to.not.contain(ids["reference"]);
  });

  it("are shared with the accounts that the item names", async () => {
    const { allow_accounts, access_points } = (await record("extra")) ?? {};
    expect(allow_accounts).to.deep.equal(["000000000042", "123456789012"]);
    for (const [region, { alias }] of Object.entries(access_points as Record<string, { alias: string }>)) {
      expect(await aws.sha256(region, alias, `${ids["extra"]}/extra.bin`)).to.equal(sha256(contents.extra));
    }
    expect(await record("reference")).to.not.have.any.keys("allow_accounts", "access_points");
  });

  it("do not change where nothing was edited", async () => {
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    await succeed(world.pulumi("pulumi refresh -s declared --yes --expect-no-changes"));
  });

  it("are the same under another spelling of their source", async () => {
    const written = await world.readProjectFile(FILE);
    const absolute = join(world.project, "data/./extra.bin");
    await world.writeProjectFile(
      FILE,
      settings([
        { name: "reference", ttl: 5, source: "./data//reference.bin" },
        { name: "extra", ttl: 7, allowAccounts: '["000000000042", 123456789012]', source: absolute },
      ]),
    );
    await succeed(world.pulumi("pulumi preview -s declared --expect-no-changes"));
    const args = ["--environment", "declared", "--json"];
    const { stdout } = await succeed(world.spawn("environment", "preview", ...args));
    expect(JSON.parse(stdout).result.changes).to.not.have.any.keys("create", "delete", "replace");
    await world.writeProjectFile(FILE, written);
  });

  it("are refused by stage delete, which names the file and the item", async () => {
    const id = ids["reference"] ?? "";
    const before = await versionsOf("reference");
    const { code, stdout, stderr } = await world.spawn(
      ...["stage", "delete", id, "--yes", "--environment", "declared"],
    );
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.contain(FILE);
    expect(stderr).to.contain("item reference");
    expect(stderr).to.contain("spawn environment up --environment declared");
    expect(await versionsOf("reference")).to.deep.equal(before);
  });

  it("are refused by stage update, which names the file and the item", async () => {
    const id = ids["reference"] ?? "";
    const { code, stdout, stderr } = await world.spawn(
      ...["stage", "update", id, "--ttl", "30", "--environment", "declared"],
    );
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.contain(`${id} is declared in ${FILE} as item reference of spawn:entries`);
    expect(stderr).to.contain(
      `Fix: Edit the item reference in ${FILE}, then run: spawn environment up --environment declared\n`,
    );
  });

  it("keep the environment from being destroyed", async () => {
    const { code, stderr } = await world.spawn(
      ...["environment", "destroy", "--yes", "--environment", "declared"],
    );
    expect(code).to.equal(2);
    expect(stderr).to.contain("still has 2 entries");
    expect(stderr).to.contain(FILE);
  });

  it("move no data when the TTL changes", async () => {
    const versions = await versionsOf("reference");
    const before = (await record("reference")) ?? {};
    await world.writeProjectFile(FILE, (await world.readProjectFile(FILE)).replace("ttl: 5", "ttl: 9"));
    await up();
    expect(await versionsOf("reference")).to.deep.equal(versions);
    for (const region of REGIONS) {
      const tags = await aws.tags(region, bucketOf(region), `${ids["reference"]}/reference.bin`);
      expect(tags, region).to.include({ StagingID: ids["reference"], "spawn:ttl-days": "9" });
    }
    const after = (await record("reference")) ?? {};
    const days =
      (Date.parse(String(after["expires_at"])) - Date.parse(String(before["uploaded_at"]))) / 864e5;
    expect(days).to.equal(9);
    expect(after).to.include({ uploaded_at: before["uploaded_at"], sha256: before["sha256"] });
    await succeed(world.pulumi("pulumi refresh -s declared --yes --expect-no-changes"));
  });

  it("are deleted everywhere when their item is removed", async () => {
    await world.writeProjectFile(FILE, settings([{ name: "reference", ttl: 9 }]));
    await up();
    expect(await versionsOf("extra")).to.deep.equal([]);
    expect(await record("extra")).to.equal(undefined);
    const usage = await aws.item("spawn-usage-declared", ids["extra"] ?? "", REGIONS[0]);
    expect(usage?.["closed_at"]).to.be.a("string");
    expect((await list()).map((entry) => entry["declared_as"])).to.deep.equal(["reference"]);
    expect(await versionsOf("reference")).to.have.length(4);
  });

  it("leave an environment that can be destroyed", async () => {
    await world.writeProjectFile(FILE, settings([]));
    const unasked = await world.spawn("environment", "up", "--environment", "declared");
    expect(unasked.code).to.equal(2);
    expect(unasked.stderr).to.contain("no longer declares:");
    expect(unasked.stderr).to.match(new RegExp(`^ {2}${ids["reference"]}  .*${REGIONS.join(", ")}$`, "m"));
    expect(unasked.stderr).to.contain("Fix: spawn environment up --environment declared --yes");
    expect(await versionsOf("reference")).to.have.length(4);
    await succeed(world.spawn("environment", "up", "--yes", "--environment", "declared"));
    expect(await list()).to.deep.equal([]);
    await succeed(world.spawn("environment", "destroy", "--yes", "--environment", "declared"));
    for (const region of REGIONS)
      expect(await aws.hasBucket(region, bucketOf(region)), region).to.equal(false);
    const status = await world.spawn("environment", "status", "--environment", "declared");
    expect(status.code).to.equal(1);
    expect(await world.readProjectFile(FILE)).to.contain("spawn:entries");
  });
});
