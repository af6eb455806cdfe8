import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { expect } from "chai";
import { spawnPaths } from "../../local/paths.ts";
import { packageRoot } from "../../package-root.ts";
import { reservePort } from "../support/own-port.ts";
import { run, succeed } from "./support/process.ts";
import { processesOf } from "./support/processes.ts";
import { randomFile } from "./support/world.ts";

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

describe("The npm package, installed in an empty folder", function () {
  this.timeout(900_000);
  let folder: string;
  let packed: Packed;
  let env: NodeJS.ProcessEnv;

  const npm = (...args: string[]) =>
    succeed(
      run("npm", args, { cwd: packageRoot(), env: { ...process.env, npm_config_update_notifier: "false" } }),
    );
  const spawn = (...args: string[]) => succeed(run("spawn", args, { cwd: join(folder, "work"), env }));

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn installed "));
    const home = join(folder, "home");
    await Promise.all([mkdir(home), mkdir(join(folder, "app")), mkdir(join(folder, "work"))]);
    const { stdout } = await npm("pack", "--json", "--pack-destination", folder);
    [packed] = JSON.parse(stdout) as [Packed];
    await npm(
      ...["install", "--prefix", join(folder, "app"), "--prefer-offline", "--no-audit", "--no-fund"],
      ...["--ignore-scripts", join(folder, packed.filename)],
    );
    const PATH = [join(folder, "app/node_modules/.bin"), dirname(process.execPath), "/usr/bin", "/bin"];
    // The engine and the local cloud come from the user's cache, because each takes minutes or downloads.
    env = { HOME: home, PATH: PATH.join(delimiter), SPAWN_CACHE: spawnPaths().cache };
    await reservePort(spawnPaths(env));
  });
  after(async () => {
    if (env !== undefined) await spawn("local", "down");
    const left = await processesOf(folder);
    await rm(folder, { recursive: true, force: true });
    expect(left).to.deep.equal([]);
  });

  it("has no sources, tests, benchmarks or development files", () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).to.include.members(["bin/spawn", "dist/cli/main.js", "worker/worker.sh", "LICENSE"]);
    const wrong = (path: string) =>
      /^(bench|test|scripts|cli|provider\/(?!bin))|\.ts$|__pycache__|^Pulumi\.yaml$/.test(path) &&
      !/^(examples\/|dist\/.*\.d\.ts$)/.test(path);
    expect(paths.filter(wrong)).to.deep.equal([]);
    expect(packed.unpackedSize).to.be.lessThan(25_000_000);
  });

  it("stages, lists and deletes data with an empty HOME", async () => {
    const source = randomFile(1_000);
    await writeFile(join(folder, "work", "reads.dat"), source);
    const { stderr } = await spawn("environment", "up");
    expect(stderr).to.contain(`\nSettings: ${join(folder, "home/.config/spawn/Pulumi.dev.yaml")}\n`);
    const id = (await spawn("stage", "upload", "reads.dat")).stdout.trim();
    expect((await spawn("stage", "list")).stdout).to.contain(id);
    await spawn("stage", "download", id, "copy.dat");
    expect(await readFile(join(folder, "work", "copy.dat"))).to.deep.equal(source);
    await spawn("stage", "delete", id, "--yes");
    await spawn("environment", "destroy", "--yes");
  });

  it("runs nothing of the checkout", async () => {
    const project = await readFile(join(folder, "home/.config/spawn/Pulumi.yaml"), "utf8");
    expect(project).to.contain(join(folder, "app")).and.not.contain(packageRoot());
  });
});
