import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { buildTool } from "../../bench/build-tool.ts";
import { ensureEngine } from "../../local/engine/engine.ts";
import { packageRoot } from "../../package-root.ts";
import { temporaryFolder } from "../support/folder.ts";
import { ensureVenv } from "../support/venv.ts";
import { run, succeed } from "./support/process.ts";

describe("The Pulumi package", function () {
  this.timeout(900_000);
  const folder = temporaryFolder("spawn package ", "suite");
  let engine: string;
  const pulumi = (...args: string[]) =>
    succeed(
      run(engine, ["package", ...args], {
        cwd: packageRoot(),
        env: {
          ...process.env,
          PATH: `${folder()}:${process.env["PATH"]}`,
          PULUMI_HOME: join(folder(), "home"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      }),
    );

  before(async () => {
    engine = (await ensureEngine()).command;
    await symlink(await buildTool("pulumi-language-python"), join(folder(), "pulumi-language-python"));
  });

  it("has the committed schema, and the engine reads it", async () => {
    const { stdout } = await pulumi("get-schema", "./provider/bin/pulumi-resource-staging");
    const committed = JSON.parse(await readFile(join(packageRoot(), "schemas/pulumi.schema.json"), "utf8"));
    expect(withoutEmpty(JSON.parse(stdout))).to.deep.equal(withoutEmpty(committed));
  });

  it("generates a Python SDK that compiles", async () => {
    const schema = join(packageRoot(), "schemas/pulumi.schema.json");
    await pulumi("gen-sdk", schema, "--language", "python", "--out", join(folder(), "sdk"));
    const sdk = join(folder(), "sdk", "python", "pulumi_staging");
    expect(await readdir(sdk)).to.include.members([
      "staged_data.py",
      "sweep_run.py",
      "survey_environment.py",
      "staging_entry.py",
      "staging_environment.py",
      "sweep.py",
    ]);
    await succeed(run("python3", ["-m", "compileall", "-q", sdk], { cwd: folder(), env: process.env }));
    expect(await readFile(join(sdk, "replication.py"), "utf8")).to.contain(
      "verified_by(self) -> pulumi.Output[",
    );
    const entry = await readFile(join(sdk, "staging_entry.py"), "utf8");
    expect(entry).to.contain("environment: pulumi.Input[").and.contain("remote=True");
  });

  it("runs the Python example with the generated SDK under Pulumi's mocks", async () => {
    const python = join(await ensureVenv("pulumi"), "python");
    const mocks = join(packageRoot(), "test/e2e/support/python_mocks.py");
    const example = join(packageRoot(), "examples/library/python");
    // The metadata that pip writes; pip itself would download the build's tools.
    const metadata = join(folder(), "sdk/python/pulumi_staging-0.1.0.dist-info");
    await mkdir(metadata);
    await writeFile(
      join(metadata, "METADATA"),
      "Metadata-Version: 2.1\nName: pulumi_staging\nVersion: 0.1.0\n",
    );
    const env = { ...process.env, PYTHONPATH: join(folder(), "sdk/python"), PYTHONDONTWRITEBYTECODE: "1" };
    const { stdout } = await succeed(run(python, [mocks, example], { cwd: folder(), env }));
    const declared = JSON.parse(stdout) as { type: string; name: string; inputs: Record<string, unknown> }[];
    const [environment, entry] = declared.filter(({ type }) => type.startsWith("staging:"));
    expect(environment).to.deep.include({ type: "staging:index:StagingEnvironment", name: "lab" });
    expect(environment?.inputs).to.deep.include({ cloud: "local", namePrefix: "labpy" });
    expect(entry).to.deep.include({ type: "staging:index:StagingEntry", name: "reference" });
    expect(entry?.inputs).to.deep.include({ source: "reference.fasta", ttl: 30 });
    expect(entry?.inputs["environment"]).to.deep.include({ regions: ["us-east-1", "us-west-2"] });
  });
});

/** The engine omits empty lists and maps. */
const withoutEmpty = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, item) => (isEmpty(item) ? undefined : item)));

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0;
