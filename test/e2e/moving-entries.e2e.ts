import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { Aws } from "./support/aws.ts";
import { succeed } from "./support/process.ts";
import { randomFile, sharedWorld, type World } from "./support/world.ts";

const ENVIRONMENT = "moving";
const FILE = `Pulumi.${ENVIRONMENT}.yaml`;
const REGION = "us-east-1";
const BUCKET = `e2e-moving-${REGION}`;
const ARGS = ["--environment", ENVIRONMENT, "--json"];
const NAMES = ["first", "second"] as const;

const settings = (items: readonly (readonly [name: string, ttl: number])[]): string => `config:
  spawn:cloud: local
  spawn:regions: [${REGION}]
  spawn:bucketPrefix: e2e-moving-
  spawn:entries:${items.length === 0 ? " []\n" : `\n${items.map(([name, ttl]) => `    - name: ${name}\n      source: data/${name}.bin\n      ttl: ${ttl}\n`).join("")}`}`;
const DECLARED = settings([
  ["reference", 9],
  ["extra", 9],
]);

describe("Entries that move into and out of an environment's file", () => {
  const ids = new Map<string, string>();
  let world: World;
  let aws: Aws;

  const idOf = (name: string): string => ids.get(name) ?? "";
  const record = (name: string) => aws.item("spawn-staging-moving", idOf(name), REGION);
  const versionsOf = (name: string) => aws.versions(REGION, BUCKET, `${idOf(name)}/`);
  const list = async () => {
    const { stdout } = await succeed(world.spawn("stage", "list", ...ARGS));
    return (JSON.parse(stdout) as { result: Record<string, unknown>[] }).result;
  };
  /** The outputs about the entries, which other programs read. */
  const outputs = async () => {
    const { stdout } = await succeed(world.pulumi(`pulumi stack output entries --json -s ${ENVIRONMENT}`));
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  const noChanges = () => succeed(world.pulumi(`pulumi preview -s ${ENVIRONMENT} --expect-no-changes`));

  before(async () => {
    world = await sharedWorld();
    aws = await world.aws();
    await mkdir(join(world.project, "data"), { recursive: true });
    for (const name of ["reference", "extra", "unborn"])
      await writeFile(join(world.project, "data", `${name}.bin`), randomFile(1_000));
    await world.writeProjectFile(FILE, DECLARED);
    await succeed(world.spawn("environment", "up", "--environment", ENVIRONMENT));
    for (const entry of await list()) ids.set(String(entry["declared_as"]), String(entry["staging_id"]));
    for (const name of NAMES) {
      await world.writeFile(`${name}.bin`, randomFile(1_000));
      ids.set(name, await world.upload(`${name}.bin`, "--regions", REGION, "--environment", ENVIRONMENT));
    }
  });

  it("change no other entry if an old checkout adopts one", async () => {
    const others = async () => ({
      outputs: { ...(await outputs()), first: undefined },
      records: [await record("reference"), await record("extra")],
      versions: [await versionsOf("reference"), await versionsOf("extra")],
    });
    const before = await others();
    // The checkout has a lower TTL of one entry, no item of the other, and an item that no update has staged.
    await world.writeProjectFile(
      FILE,
      settings([
        ["reference", 2],
        ["unborn", 2],
      ]),
    );
    const adopt = ["stage", "adopt", idOf("first"), "--name", "first", ...ARGS];
    const { stdout } = await succeed(world.spawn(...adopt));
    expect(JSON.parse(stdout).warnings.join()).to.contain(idOf("extra"));
    expect(await record("first")).to.include({ stack: ENVIRONMENT, declared_as: "first" });
    expect(await others()).to.deep.equal(before);
    expect((await list()).map((entry) => entry["declared_as"])).to.not.include("unborn");
    await succeed(world.spawn("stage", "eject", "first", ...ARGS));
    expect(await others()).to.deep.equal(before);
    await world.writeProjectFile(FILE, DECLARED);
  });

  it("keep their data if their source has changed since the upload", async () => {
    const versions = await versionsOf("first");
    const source = await readFile(join(world.folder, "first.bin"));
    await world.writeFile("first.bin", randomFile(2_000));
    const { stdout } = await succeed(
      world.spawn("stage", "adopt", idOf("first"), "--name", "first", ...ARGS),
    );
    expect(JSON.parse(stdout).warnings.join()).to.contain(idOf("first"));
    expect(await record("first")).to.include({ stack: ENVIRONMENT, declared_as: "first" });
    expect(await versionsOf("first")).to.deep.equal(versions);
    await succeed(world.spawn("stage", "eject", "first", ...ARGS));
    expect(await versionsOf("first")).to.deep.equal(versions);
    await world.writeFile("first.bin", source);
    await world.writeProjectFile(FILE, DECLARED);
  });

  it("are all in the file and the stack after concurrent adoptions, and all out after concurrent ejections", async () => {
    const versions = await Promise.all(NAMES.map(versionsOf));
    const adopt = (name: string) => world.spawn("stage", "adopt", idOf(name), "--name", name, ...ARGS);
    await Promise.all(NAMES.map((name) => succeed(adopt(name))));
    const declared = await world.readProjectFile(FILE);
    for (const name of NAMES) {
      expect(declared).to.contain(`name: ${name}`);
      expect(await record(name), name).to.include({ stack: ENVIRONMENT, declared_as: name });
    }
    await noChanges();
    await Promise.all(NAMES.map((name) => succeed(world.spawn("stage", "eject", name, ...ARGS))));
    const left = await world.readProjectFile(FILE);
    // The preview has added the salt of the passphrase.
    expect(left.replace(/^encryptionsalt: .*\n/m, "")).to.equal(DECLARED);
    for (const name of NAMES)
      expect(await record(name), name).to.include({ stack: `${ENVIRONMENT}.${idOf(name)}` });
    await noChanges();
    expect(await Promise.all(NAMES.map(versionsOf))).to.deep.equal(versions);
  });
});
