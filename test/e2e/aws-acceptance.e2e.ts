import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ListBucketsCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { readPoints } from "../../scripts/aws-acceptance/points.ts";
import type { Report } from "../../scripts/aws-acceptance/report.ts";
import { Running, succeed } from "./support/process.ts";
import { World } from "./support/world.ts";

describe("The AWS acceptance run, against the local cloud", () => {
  let world: World;
  let folder: string;

  before(async () => {
    world = await World.make();
    folder = join(world.folder, "acceptance");
  });
  after(() => world.remove());

  const start = (...flags: string[]) =>
    new Running(
      process.execPath,
      [
        join(packageRoot(), "scripts/aws-acceptance.ts"),
        ...["--local", "--folder", folder, "--project", world.project, ...flags],
      ],
      { env: world.env, cwd: world.folder },
    );
  const buckets = async () => {
    const { Buckets = [] } = await (await world.aws()).s3("us-east-1").send(new ListBucketsCommand({}));
    return Buckets.map(({ Name }) => Name);
  };
  const environmentFile = () => join(world.project, "Pulumi.acceptance.yaml");

  it("prompts before it spends money", async () => {
    const unasked = await start("--steps", "errors").ended;
    expect(unasked.code, unasked.stderr).to.equal(1);
    expect(unasked.stdout).to.match(/at most \$\d+\.\d\d, about \d+ minutes/);
    expect(unasked.stderr).to.contain("--yes");
    expect(await buckets()).to.deep.equal([]);
  });

  it("runs every step, and answers no question about AWS", async () => {
    const ended = await succeed(start("--yes", "--keep").ended);
    const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Report;
    expect(report.failures, ended.stderr).to.deep.equal({});
    expect(report.answers.map(({ point }) => point)).to.deep.equal((await readPoints()).map(({ id }) => id));
    expect([...new Set(report.answers.map(({ verdict }) => verdict))]).to.deep.equal(["not answerable here"]);
    for (const { point, command, expected, seen } of report.answers)
      for (const text of [command, expected, seen]) expect(text, point).to.be.a("string").that.is.not.empty;
    const text = await readFile(join(folder, "report.md"), "utf8");
    expect(text).to.contain("## official-plugin: not answerable here");
    expect(text).to.contain("- Seen: ");
    expect(existsSync(environmentFile())).to.equal(true);
  });

  it("resumes where it stopped, and deletes everything even after an interruption", async () => {
    const again = start("--yes");
    await again.wrote("the expiry of an entry");
    again.kill("SIGINT");
    const ended = await again.ended;
    expect(ended.code, ended.stderr).to.equal(130);
    expect(ended.stdout).to.not.contain("the environment…");
    expect(ended.stdout).to.contain("Everything is deleted.");
    expect(await buckets()).to.deep.equal([]);
    expect(existsSync(environmentFile())).to.equal(false);
  });
});
