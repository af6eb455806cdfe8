import { mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { buildTool } from "../../bench/build-tool.ts";
import { ensureEngine } from "../../local/engine/engine.ts";
import { packageRoot } from "../../package-root.ts";
import { run, succeed } from "./support/process.ts";

describe("The Pulumi package", function () {
  this.timeout(900_000);
  let folder: string;
  let engine: string;
  const pulumi = (...args: string[]) =>
    succeed(
      run(engine, ["package", ...args], {
        cwd: packageRoot(),
        env: {
          ...process.env,
          PATH: `${folder}:${process.env["PATH"]}`,
          PULUMI_HOME: join(folder, "home"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      }),
    );

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn package "));
    engine = (await ensureEngine()).command;
    await symlink(await buildTool("pulumi-language-python"), join(folder, "pulumi-language-python"));
  });
  after(() => rm(folder, { recursive: true }));

  it("has the schema that is committed, and the engine reads it", async () => {
    const { stdout } = await pulumi("get-schema", "./provider/bin/pulumi-resource-staging");
    const committed = JSON.parse(await readFile(join(packageRoot(), "schemas/pulumi.schema.json"), "utf8"));
    expect(withoutEmpty(JSON.parse(stdout))).to.deep.equal(withoutEmpty(committed));
  });

  it("becomes an SDK for Python, which compiles", async () => {
    const schema = join(packageRoot(), "schemas/pulumi.schema.json");
    await pulumi("gen-sdk", schema, "--language", "python", "--out", join(folder, "sdk"));
    const sdk = join(folder, "sdk", "python", "pulumi_staging");
    expect(await readdir(sdk)).to.include.members([
      "staged_data.py",
      "sweep_run.py",
      "survey_environment.py",
    ]);
    await succeed(run("python3", ["-m", "compileall", "-q", sdk], { cwd: folder, env: process.env }));
    expect(await readFile(join(sdk, "replication.py"), "utf8")).to.contain(
      "verified_by(self) -> pulumi.Output[",
    );
  });
});

/** The engine leaves out lists that are empty. */
const withoutEmpty = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, item) => (Array.isArray(item) && item.length === 0 ? undefined : item)),
  );
