import { chmod, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { ensureVenv } from "../support/venv.ts";
import { run, succeed } from "./support/process.ts";
import { bucketOf, sharedWorld, USAGE, type World } from "./support/world.ts";

const [PRIMARY, SECOND] = ["us-east-1", "us-west-2"] as const;

/** A right-to-left mark among the rest: a terminal shows it as an escape, a program gets it as it is. */
const NAME = "data's \u200f$(set)";

describe("Downloading an entry", function () {
  this.timeout(300_000);
  let world: World;
  let id: string;
  before(async () => {
    world = await sharedWorld();
    const source = join(world.folder, NAME);
    await mkdir(join(source, "sub"), { recursive: true });
    await writeFile(join(source, "sub", "-x \\ 日本"), "first");
    await writeFile(join(source, "run"), "#!/bin/sh\n");
    await chmod(join(source, "run"), 0o750);
    await symlink("../run", join(source, "sub", "link"));
    id = await world.upload(NAME, "--regions", `${PRIMARY},${SECOND}`);
  });

  const sameTree = (other: string) =>
    succeed(
      run("/usr/bin/env", ["diff", "-r", "--no-dereference", join(world.folder, NAME), other], {
        cwd: world.folder,
        env: world.env,
      }),
    );

  it("stage download restores the data, counts the download, and replaces nothing without --force", async () => {
    const copy = "copy \u200f";
    const path = join(world.folder, copy);
    const { stdout, stderr } = await succeed(world.spawn("stage", "download", id, copy, "--region", SECOND));
    expect(stdout).to.equal(`${path}\n`);
    expect(stderr).to.contain(`from ${SECOND}`);
    await sameTree(path);
    const aws = await world.aws();
    expect(await aws.item(USAGE, id)).to.include({ download_count: 1 });

    await writeFile(join(path, "run"), "changed");
    const refused = await world.spawn("stage", "download", id, copy);
    expect(refused).to.include({ code: 2, stdout: "" });
    expect(refused.stderr).to.contain("1 existing file differs").and.to.contain("--force");
    expect(await readFile(join(path, "run"), "utf8")).to.equal("changed");
    const forced = await succeed(world.spawn("stage", "download", id, copy, "--force", "--json"));
    expect((JSON.parse(forced.stdout) as { result: object }).result).to.include({
      ...{ staging_id: id, region: PRIMARY, path, files: 2, downloaded_files: 1, replaced_files: 1 },
    });
    await sameTree(path);
    expect(await aws.item(USAGE, id)).to.include({ download_count: 2 });

    const wrong = await world.spawn("stage", "download", id, "--region", "eu-west-1");
    expect(wrong).to.include({ code: 2 });
    expect(wrong.stderr).to.contain(`spawn stage update ${id} --regions ${PRIMARY},${SECOND},eu-west-1`);
  });

  it("stage script prints a script that a job runs without spawn", async () => {
    const { stdout } = await succeed(world.spawn("stage", "script", id));
    expect(stdout).to.match(/^#!\/bin\/sh\n/);
    await world.writeFile("stage.sh", Buffer.from(stdout));
    const bin = join(world.home, "aws cli");
    await mkdir(bin, { recursive: true });
    const python = join(await ensureVenv("aws"), "python");
    await writeFile(join(bin, "aws"), `#!/bin/sh\nexec '${python}' -m awscli "$@"\n`);
    await chmod(join(bin, "aws"), 0o755);
    const job = (destination: string) =>
      world.bash(
        `eval "$(spawn env)"; export PATH='${bin}':"$PATH" AWS_REGION=${SECOND}; sh stage.sh ${destination}`,
      );
    expect((await succeed(job("./job"))).stdout).to.equal(`${join(world.folder, "job")}\n`);
    await sameTree(join(world.folder, "job"));

    const aws = await world.aws();
    await aws
      .s3(SECOND)
      .send(new DeleteObjectCommand({ Bucket: bucketOf(SECOND), Key: `${id}/${NAME}/run` }));
    expect(await job("./other")).to.include({ code: 5, stdout: "" });
    // The primary region has it still.
    const primary = await succeed(world.spawn("stage", "script", id, "--region", PRIMARY, "--json"));
    const { script } = (JSON.parse(primary.stdout) as { result: { script: string } }).result;
    await world.writeFile("stage.sh", Buffer.from(script));
    await succeed(job("./other"));
    await sameTree(join(world.folder, "other"));
    await rm(join(world.folder, NAME), { recursive: true });
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });
});
