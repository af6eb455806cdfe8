import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type Aws, sha256 } from "./aws.ts";
import { type Ended, succeed } from "./process.ts";
import { randomFile, sharedWorld, type World } from "./world.ts";

export const [PRIMARY, SECOND] = ["us-east-1", "eu-west-1"] as const;
const BOTH = [PRIMARY, SECOND] as const;
export const bucketOf = (region: string): string => `e2e-drift-${region}`;
export const TABLES = {
  records: "spawn-staging-drift",
  usage: "spawn-usage-drift",
  sweeps: "spawn-sweeps-drift",
} as const;
export const ROLE = "spawn-replication-drift";
const READER = "123456789012";

const FILE = `config:
  spawn:cloud: local
  spawn:regions: [${BOTH.join(", ")}]
  spawn:bucketPrefix: e2e-drift-
  spawn:entries:
    - name: genome
      source: data/genome.bin
      ttl: 5
      allowAccounts: ["${READER}"]
    - name: tree
      source: data/tree
      ttl: 5
`;

/** A staged entry, and the bytes of each of its files by key. */
export interface DriftEntry {
  readonly id: string;
  /** Its stack as plain `pulumi` names it. */
  readonly stack: string;
  readonly files: ReadonlyMap<string, Buffer>;
}

/** The changes that a refresh would make in a stack's state. */
interface Refreshed {
  readonly code: number;
  /** `delete` or `update`, and the name of the resource; sorted. */
  readonly changes: readonly string[];
}

/**
 * The environment `drift` with four entries, two declared (a file and a directory) and two from the command line. Both files are shared
 * with another account.
 */
export class DriftWorld {
  readonly world: World;
  readonly aws: Aws;
  readonly genome: DriftEntry;
  readonly tree: DriftEntry;
  readonly cells: DriftEntry;
  readonly reads: DriftEntry;

  private constructor(world: World, aws: Aws, entries: readonly DriftEntry[]) {
    this.world = world;
    this.aws = aws;
    [this.genome, this.tree, this.cells, this.reads] = entries as [
      DriftEntry,
      DriftEntry,
      DriftEntry,
      DriftEntry,
    ];
  }

  static async make(): Promise<DriftWorld> {
    const world = await sharedWorld();
    const aws = await world.aws();
    const genome = await makeFile(join(world.project, "data"), "genome.bin");
    const tree = await makeTree(join(world.project, "data"), "tree");
    const cells = await makeFile(world.folder, "cells.bin");
    const reads = await makeTree(world.folder, "reads");
    await world.writeProjectFile("Pulumi.drift.yaml", FILE);
    await succeed(world.spawn("environment", "up", "--environment", "drift"));
    const { stdout } = await succeed(world.spawn("stage", "list", "--json", "--environment", "drift"));
    const listed = (JSON.parse(stdout) as { result: { declared_as: string; staging_id: string }[] }).result;
    const declared = (name: string) =>
      listed.find((entry) => entry.declared_as === name)?.staging_id ?? `no entry ${name}`;
    const flags = ["--regions", BOTH.join(","), "--ttl", "5", "--environment", "drift"];
    const own = [
      await world.upload("cells.bin", ...flags, "--allow-accounts", READER),
      await world.upload("reads", ...flags),
    ] as const;
    return new DriftWorld(world, aws, [
      entryOf(declared("genome"), "drift", genome),
      entryOf(declared("tree"), "drift", tree),
      entryOf(own[0], `organization/spawn/drift.${own[0]}`, cells),
      entryOf(own[1], `organization/spawn/drift.${own[1]}`, reads),
    ]);
  }

  get entries(): readonly DriftEntry[] {
    return [this.genome, this.tree, this.cells, this.reads];
  }

  spawn(...args: string[]): Promise<Ended> {
    return this.world.spawn(...args, "--environment", "drift");
  }

  stage(...args: string[]): Promise<Ended> {
    return this.spawn("stage", ...args);
  }

  environment(...args: string[]): Promise<Ended> {
    return this.spawn("environment", ...args);
  }

  /** Refreshes with plain `pulumi`, and changes nothing. */
  async refresh(stack: string): Promise<Refreshed> {
    const { code, stdout, stderr } = await this.world.pulumi(
      `pulumi refresh -s ${stack} --preview-only --expect-no-changes --non-interactive`,
    );
    const lines = stdout.matchAll(/^ [~-] +\S+ (\S+) (update|delete)\b/gm);
    const changes = [...lines].map(([, name, op]) => `${op} ${name}`).sort();
    expect(code === 0, stdout + stderr).to.equal(changes.length === 0);
    return { code, changes };
  }

  /** Repairs with plain `pulumi`. */
  up(stack: string): Promise<Ended> {
    return succeed(
      this.world.pulumi(`pulumi up -s ${stack} --refresh --yes --skip-preview --non-interactive`),
    );
  }

  /** The environment has its original state. */
  async isUp(): Promise<void> {
    expect(await this.refresh("drift")).to.deep.equal({ code: 0, changes: [] });
    await succeed(this.environment("status"));
  }

  /** Every command and every byte show the original state. */
  async isWhole(): Promise<void> {
    await this.isUp();
    for (const { stack } of [this.cells, this.reads])
      expect(await this.refresh(stack), stack).to.deep.equal({ code: 0, changes: [] });
    for (const { id } of [this.genome, this.reads]) await succeed(this.stage("info", id, "--verify"));
    const { stdout } = await succeed(this.stage("list", "--verify", "--json"));
    const { result } = JSON.parse(stdout) as { result: { staging_id: string }[] };
    expect(result.map(({ staging_id: id }) => id).sort()).to.deep.equal(
      this.entries.map(({ id }) => id).sort(),
    );
    for (const { files } of this.entries) {
      for (const region of BOTH) {
        for (const [key, bytes] of files)
          expect(await this.aws.sha256(region, bucketOf(region), key), `${key} in ${region}`).to.equal(
            sha256(bytes),
          );
      }
    }
  }
}

const entryOf = (id: string, stack: string, files: ReadonlyMap<string, Buffer>): DriftEntry => ({
  id,
  stack,
  files: new Map([...files].map(([path, bytes]) => [`${id}/${path}`, bytes])),
});

async function makeFile(folder: string, name: string): Promise<Map<string, Buffer>> {
  const bytes = randomFile(20_000);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), bytes);
  return new Map([[name, bytes]]);
}

async function makeTree(folder: string, name: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  await mkdir(join(folder, name), { recursive: true });
  for (const file of ["a", "b", "c"]) {
    const bytes = randomFile(1_000);
    await writeFile(join(folder, name, file), bytes);
    files.set(`${name}/${file}`, bytes);
  }
  return files;
}
