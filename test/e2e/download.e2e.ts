import { chmod, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { type ProxiedRequest, TestProxy } from "../support/proxy.ts";
import { ensureVenv } from "../support/venv.ts";
import { whileRunning } from "./support/interrupting.ts";
import { run, succeed } from "./support/process.ts";
import { bucketOf, randomFile, sharedWorld, USAGE, type World } from "./support/world.ts";

const [PRIMARY, SECOND] = ["us-east-1", "us-west-2"] as const;

/** Includes a right-to-left mark: a terminal shows its escape, a program gets it unchanged. */
const NAME = "data's \u200f$(set)";

describe("Downloading an entry", () => {
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

  it("restores the data, counts the download, and overwrites nothing without --force", async () => {
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

  it("works from a printed script on a machine without spawn", async () => {
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
    // The primary region still has it.
    const primary = await succeed(world.spawn("stage", "script", id, "--region", PRIMARY, "--json"));
    const { script } = (JSON.parse(primary.stdout) as { result: { script: string } }).result;
    await world.writeFile("stage.sh", Buffer.from(script));
    await succeed(job("./other"));
    await sameTree(join(world.folder, "other"));
    await rm(join(world.folder, NAME), { recursive: true });
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  });

  it("resumes after Ctrl-C and after kill -9, and reads only the rest", async () => {
    const MIB = 1024 ** 2;
    const bytes = randomFile(100 * MIB);
    await world.writeFile("large.bin", bytes);
    const large = await world.upload("large.bin", "--regions", PRIMARY);
    const to = join(world.folder, "large copy");
    await mkdir(to);
    const aws = await world.aws();
    const proxy = await TestProxy.start(aws.endpoint);
    const env = aws.variables(proxy.endpoint);
    const firstByte = ({ method, path, headers }: ProxiedRequest): number | undefined =>
      method === "GET" && path.endsWith("/large.bin")
        ? Number(/^bytes=(\d+)/.exec(headers.range ?? "")?.[1])
        : undefined;
    const never = new Promise<void>(() => {});
    const download = () => world.startIn({ env }, "stage", "download", large, to);
    const partial = async (): Promise<number> => {
      const [name, ...others] = await readdir(to);
      expect(others).to.deep.equal([]);
      return name === undefined ? 0 : (await stat(join(to, name))).size;
    };
    try {
      let kept = 0;
      for (const [signal, code, limit] of [
        ["SIGINT", 130, 40 * MIB],
        ["SIGKILL", 137, 80 * MIB],
      ] as const) {
        proxy.reset();
        proxy.fault = (request) => ((firstByte(request) ?? 0) >= limit ? { until: never } : undefined);
        const running = download();
        await whileRunning(running, async () => ((await partial()) >= limit - 16 * MIB ? true : undefined));
        running.kill(signal);
        const ended = await running.ended;
        expect(ended, ended.stderr).to.include({ code, stdout: "" });
        if (signal === "SIGINT") expect(ended.stderr).to.match(/^Error: interrupted$/m);
        expect(Math.min(...proxy.requests.flatMap((request) => firstByte(request) ?? []))).to.equal(kept);
        kept = await partial();
      }
      proxy.reset();
      expect(await succeed(download().ended)).to.include({ stdout: `${join(to, "large.bin")}\n` });
      expect(Math.min(...proxy.requests.flatMap((request) => firstByte(request) ?? []))).to.equal(kept);
      expect(await readdir(to)).to.deep.equal(["large.bin"]);
      expect((await readFile(join(to, "large.bin"))).equals(bytes)).to.equal(true);
    } finally {
      await proxy.stop();
    }
    await succeed(world.spawn("stage", "delete", large, "--yes"));
  });
});
