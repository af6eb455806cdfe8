import { spawn } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { findOnPath, runCommand } from "../../local/command.ts";
import { packageRoot } from "../../package-root.ts";
import { renderStageScript } from "../../staging/stage-script.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND } from "../provider/cloud-fixture.ts";
import { type RuleServer, startRuleServer } from "../support/rule-server.ts";
import { type StagedEntry, type StagedFile, stageTree } from "../support/staged.ts";
import { ensureVenv } from "../support/venv.ts";

/** Names that a shell, a pattern, JSON or a line could break. */
const HOSTILE = [
  " leading space",
  "$(touch HACKED)",
  "`touch HACKED`",
  "'; touch HACKED; '",
  '"double"',
  "*?[a]{b}",
  "-rf",
  "--",
  "100%20 %s %n",
  "back\\slash \\0041 \\n",
  "new\nline",
  "new line at the end\n",
  "tab\there",
  "~",
  "#comment",
  "Ünïcødé 日本 😀",
  "sub folder/$HOME/-x",
  "trailing space ",
].map((path, index): StagedFile => ({ path, text: `content ${index}` }));

const shells = ["dash", "bash", "busybox"].flatMap((name) => {
  const [program] = findOnPath(name);
  return program === undefined ? [] : [{ name, command: name === "busybox" ? [program, "sh"] : [program] }];
});

describe("The download script", () => {
  const fixture = CloudFixture.forSuite();
  let bin: string;
  let env: NodeJS.ProcessEnv;
  let template: string;
  let folder: string;

  before(async () => {
    const venv = await ensureVenv("aws");
    folder = await mkdtemp(join(fixture.folder, "script "));
    bin = join(folder, "bin");
    await mkdir(bin);
    await program("aws", `exec '${join(venv, "python")}' -m awscli "$@"`);
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = fixture.cloud.env;
    env = {
      ...{ PATH: `${bin}:${process.env["PATH"]}`, HOME: folder },
      ...{ AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
      AWS_REGION: PRIMARY,
    };
    template = await readFile(join(packageRoot(), "worker", "stage.sh"), "utf8");
  });

  const program = async (name: string, text: string): Promise<void> => {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  };
  const stage = (...rest: Parameters<typeof stageTree> extends [unknown, unknown, ...infer R] ? R : never) =>
    stageTree(fixture.s3.of(PRIMARY), bucketOf(PRIMARY), ...rest);
  const scriptOf = async (entry: StagedEntry, destination: string): Promise<string> => {
    const file = join(folder, `${entry.stagingId}.sh`);
    await writeFile(file, renderStageScript(template, entry, { destination }));
    return file;
  };
  const download = async (entry: StagedEntry, destination: string, changes = {}, shell = shells[0]) => {
    const [command = "sh", ...args] = shell?.command ?? [];
    return runCommand(command, [...args, await scriptOf(entry, destination)], {
      cwd: folder,
      env: { ...env, ...changes },
    });
  };
  /** Every file's text, every link's target, with modes. */
  const contents = async (root: string): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const mode = ((await lstat(path)).mode & 0o777).toString(8);
      if (entry.isSymbolicLink()) found[relative(root, path)] = `-> ${await readlink(path)}`;
      else if (entry.isFile()) found[relative(root, path)] = `${mode} ${await readFile(path, "utf8")}`;
      else if ((await readdir(path)).length === 0) found[`${relative(root, path)}/`] = mode;
    }
    return found;
  };
  const expected = (files: readonly StagedFile[]): Record<string, string> =>
    Object.fromEntries(files.map(({ path, text, mode = "644" }) => [path, `${mode} ${text}`]));

  for (const shell of shells) {
    describe(`in ${shell.name}`, () => {
      it("downloads a directory with hostile names, modes, links and empty folders, and verifies it again", async () => {
        const files = [...HOSTILE, { path: "bin/run", text: "#!/bin/sh\n", mode: "750" }];
        const entry = await stage(
          files,
          [
            { type: "link", path: "bin/up", target: "../100%20 %s %n" },
            { type: "link", path: "-link", target: "bin/up" },
            { type: "directory", path: "empty \\ folder/", mode: "700" },
          ],
          { filename: "it's $(data)" },
        );
        const destination = join(folder, `${shell.name} it's "$(x)"`, "data");
        const { code, stdout, stderr } = await download(entry, destination, {}, shell);
        expect(stderr).to.contain("complete and verified");
        expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `${destination}\n` });
        const all = {
          ...expected(files),
          "bin/up": "-> ../100%20 %s %n",
          "-link": "-> bin/up",
          "empty \\ folder/": "700",
        };
        expect(await contents(destination)).to.deep.equal(all);
        expect(await readdir(join(destination, ".."))).to.deep.equal(["data"]);

        await entry.remove("tab\there");
        const again = await download(entry, destination, {}, shell);
        expect(again).to.include({ code: 0, stdout: `${destination}\n` });
        expect(again.stderr).not.to.contain("Downloading");
        expect(await contents(destination)).to.deep.equal(all);
      });

      it("downloads a file, replaces a different one, and refuses a second mismatch", async () => {
        const entry = await stage([{ path: "a b.txt", text: "staged", mode: "640" }], [], {
          kind: "file",
          filename: "a b.txt",
        });
        const destination = join(folder, `${shell.name} file.txt`);
        expect(await download(entry, destination, {}, shell)).to.include({
          code: 0,
          stdout: `${destination}\n`,
        });
        await writeFile(destination, "other!");
        expect((await download(entry, destination, {}, shell)).stderr).to.contain("is replaced");
        expect(await readFile(destination, "utf8")).to.equal("staged");

        await rm(destination);
        await entry.put("a b.txt", "other!");
        const failed = await download(entry, destination, {}, shell);
        expect(failed).to.include({ code: 3, stdout: "" });
        expect(failed.stderr)
          .to.contain("SHA256 checksum mismatch")
          .and.to.contain(`spawn stage repair ${entry.stagingId}`);
        expect((await readdir(folder)).filter((name) => name.includes("file.txt"))).to.deep.equal([]);
      });
    });
  }

  describe("when something fails", () => {
    const many = Array.from({ length: 40 }, (_, at): StagedFile => ({ path: `f/${at}`, text: `text ${at}` }));
    let rules: RuleServer;
    let at: NodeJS.ProcessEnv;
    beforeEach(async () => {
      rules = await startRuleServer(fixture.cloud.endpoint);
      at = { AWS_ENDPOINT_URL: rules.endpoint, AWS_MAX_ATTEMPTS: "1" };
    });
    afterEach(() => rules.stop());
    const reads = () => rules.seen.filter((line) => /^GET .*\/f\//.test(line));
    const start = async (entry: StagedEntry, destination: string) => {
      const child = spawn("dash", [await scriptOf(entry, destination)], {
        cwd: folder,
        env: { ...env, ...at },
        detached: true,
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const until = async (isDone: () => boolean | Promise<boolean>) => {
        while (!(await isDone())) {
          if (child.exitCode !== null) throw new Error(`the script ended with ${child.exitCode}: ${stderr}`);
          await sleep(50);
        }
      };
      return { group: -Number(child.pid), child, ended, until };
    };
    const arrived = async (work: string) => (await readdir(join(work, "tree", "f")).catch(() => [])).length;

    it("resumes missing files after a kill, and repairs wrong or missing files at the destination", async () => {
      const entry = await stage(many);
      const destination = join(folder, "killed", "data");
      const work = join(folder, "killed", `.spawn-${entry.stagingId}`);
      // After ten files, no request gets a response. The CLI sends them in no fixed order.
      let asked = 0;
      rules.rule = (method, path) =>
        method === "GET" && /\/f\//.test(path) && ++asked > 10 ? "silence" : undefined;
      const killed = await start(entry, destination);
      await killed.until(async () => (await arrived(work)) >= 10);
      process.kill(killed.group, "SIGKILL");
      await killed.ended;
      expect(await readdir(work)).to.include("lock.1");
      const kept = (await readdir(join(work, "tree", "f"))).filter((name) => /^\d+$/.test(name)).length;
      await writeFile(join(work, "tree", "f", "0.a1B2c3D4"), "what a killed AWS CLI left");

      rules.rule = () => undefined;
      rules.seen.length = 0;
      expect(await download(entry, destination, at)).to.include({ code: 0, stdout: `${destination}\n` });
      expect(await contents(destination)).to.deep.equal(expected(many));
      expect(reads().length).to.be.at.most(many.length - kept);
      expect(await readdir(join(destination, ".."))).to.deep.equal(["data"]);

      await writeFile(join(destination, "f", "7"), "text X");
      await rm(join(destination, "f", "8"));
      await writeFile(join(destination, "f", "own"), "a file of the user");
      rules.seen.length = 0;
      expect(await download(entry, destination, at)).to.include({ code: 0 });
      expect(await contents(destination)).to.deep.equal({
        ...expected(many),
        "f/own": "644 a file of the user",
      });
      expect(reads()).to.have.length(2);
    });

    it("ends by SIGTERM with 143, stops its transfers, and lets two runs at once share one download", async () => {
      const entry = await stage(many);
      const destination = join(folder, "shared", "data");
      const work = join(folder, "shared", `.spawn-${entry.stagingId}`);
      rules.rule = (method, path) => (method === "GET" && path.endsWith("/f/39") ? "silence" : undefined);
      const stopped = await start(entry, destination);
      await stopped.until(async () => (await arrived(work)) >= 10);
      process.kill(Number(stopped.child.pid), "SIGTERM");
      expect(await stopped.ended).to.equal(143);
      expect((await readdir(work)).filter((name) => name.startsWith("lock"))).to.deep.equal([]);
      for (let isRunning = true; isRunning; await sleep(50)) {
        try {
          process.kill(stopped.group, 0);
        } catch {
          isRunning = false; // no process of its group is left
        }
      }

      rules.rule = () => undefined;
      await rm(work, { recursive: true });
      rules.seen.length = 0;
      const both = await Promise.all([download(entry, destination, at), download(entry, destination, at)]);
      for (const one of both) expect(one, one.stderr).to.include({ code: 0, stdout: `${destination}\n` });
      expect(reads()).to.have.length(many.length);
      expect(await contents(destination)).to.deep.equal(expected(many));
      expect(await readdir(join(destination, ".."))).to.deep.equal(["data"]);
    });

    it("names a missing object, a 403 and a full disk, each with its exit code", async () => {
      const entry = await stage(many.slice(0, 3));
      const destination = join(folder, "failing");
      const forbidden = { status: 403, code: "AccessDenied" };
      const run = async (rule: RuleServer["rule"], changes = {}) => {
        rules.rule = rule;
        return download(entry, destination, { ...at, ...changes });
      };
      const refused = await run(() => forbidden);
      expect(refused).to.include({ code: 4, stdout: "" });
      expect(refused.stderr)
        .to.contain("download failed: 403 Forbidden")
        .and.to.contain("AmazonS3ReadOnlyAccess");
      expect(await readdir(folder)).not.to.include(`.spawn-${entry.stagingId}`);

      const missing = await run((_, path) =>
        path.includes("/f/1") ? { status: 404, code: "NoSuchKey" } : undefined,
      );
      expect(missing).to.include({ code: 5 });
      expect(missing.stderr).to.contain("does not hold all of the data");

      await program("df", "echo header; echo 'disk 100 100 0 100% /'");
      const full = await run((_, path) => (path.includes("/f/") ? "silence" : undefined));
      await rm(join(bin, "df"));
      expect(full).to.include({ code: 6, stdout: "" });
      expect(full.stderr).to.contain("the disk is full").and.to.contain("need 6 bytes");
    });

    it("reads without the permission to list the bucket", async () => {
      const some = many.slice(0, 17);
      const entry = await stage(some);
      rules.rule = (_, path) =>
        path.includes("list-type=2") ? { status: 403, code: "AccessDenied" } : undefined;
      const destination = join(folder, "unlisted");
      const { code, stderr } = await download(entry, destination, at);
      expect(stderr).to.contain("may not list");
      expect(code).to.equal(0);
      expect(await contents(destination)).to.deep.equal(expected(some));
    });
  });

  it("finds the region with a slow metadata service, and warns without a replica there", async () => {
    let asked = 0;
    let region = SECOND as string;
    const metadata = createServer((request, response) => {
      asked += 1;
      if (asked < 3) response.writeHead(503).end();
      else if (request.url === "/latest/api/token" && request.method === "PUT") response.end("the-token");
      else
        response
          .writeHead(request.headers["x-aws-ec2-metadata-token"] === "the-token" ? 200 : 401)
          .end(region);
    });
    await new Promise<void>((resolve) => metadata.listen(0, "127.0.0.1", resolve));
    try {
      const files = [{ path: "one", text: "in the other region" }];
      const entry = await stageTree(fixture.s3.of(SECOND), bucketOf(SECOND), files);
      const both = { ...entry, regions: [PRIMARY, SECOND], buckets: [bucketOf(PRIMARY), bucketOf(SECOND)] };
      const changes = {
        AWS_REGION: undefined,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${(metadata.address() as AddressInfo).port}/`,
      };
      const found = await download(both as unknown as StagedEntry, join(folder, "by metadata"), changes);
      expect(found, found.stderr).to.include({ code: 0 });
      expect(found.stderr).not.to.contain("Warning");

      region = "ap-south-1";
      const far = await download(both as unknown as StagedEntry, join(folder, "far"), changes);
      expect(far).to.include({ code: 5 });
      expect(far.stderr).to.contain(
        `${entry.stagingId} has no replica in ap-south-1. The data come from ${PRIMARY}`,
      );
      expect(far.stderr).to.contain(
        `spawn stage update ${entry.stagingId} --regions ${PRIMARY},${SECOND},ap-south-1`,
      );
    } finally {
      metadata.close();
    }
  });

  it("selects the CRT client in a private copy of the user's configuration", async () => {
    const entry = await stage([{ path: "one", text: "1" }]);
    const own =
      "[default]\nregion = eu-west-1\n[profile lab]\ns3 =\n  max_concurrent_requests = 3\noutput = json\n";
    await mkdir(join(folder, ".aws"));
    await writeFile(join(folder, ".aws", "config"), own);
    const real = await readFile(join(bin, "aws"), "utf8");
    await program("aws", `cp "$AWS_CONFIG_FILE" '${folder}/used'; exit 1`);
    const { code } = await download(entry, join(folder, "crt"), { AWS_PROFILE: "lab" });
    await writeFile(join(bin, "aws"), real);
    expect(code).to.equal(1);
    expect(await readFile(join(folder, ".aws", "config"), "utf8")).to.equal(own);
    expect(await readFile(join(folder, "used"), "utf8")).to.equal(
      own.replace("s3 =\n", "s3 =\n  preferred_transfer_client = crt\n"),
    );
  });

  it("refuses manifests that reach outside of the destination, and links there", async () => {
    const text = "evil";
    const refused = async (entry: StagedEntry, why: string) => {
      const destination = join(folder, "hostile");
      const { code, stderr } = await download(entry, destination);
      expect(stderr).to.contain(why);
      expect(code).to.equal(1);
      expect(await readdir(folder)).not.to.include("hostile");
    };
    await refused(await stage([{ path: "a/../../escaped", text }]), "a path outside of the data");
    await refused(
      await stage(
        [],
        [
          { type: "link", path: "d/one", target: "../two/.." },
          { type: "link", path: "two", target: "." },
        ],
      ),
      "leaves the directory",
    );
    await refused(
      await stage([{ path: "link/file", text }], [{ type: "link", path: "link", target: "elsewhere" }]),
      "a path below a link",
    );

    const entry = await stage([{ path: "sub/file", text: "staged" }]);
    const destination = join(folder, "linked");
    await mkdir(join(folder, "outside"));
    await mkdir(destination);
    await symlink(join(folder, "outside"), join(destination, "sub"));
    const { code, stderr } = await download(entry, destination);
    expect(stderr).to.contain("is a symbolic link");
    expect(code).to.equal(2);
    expect(await readdir(join(folder, "outside"))).to.deep.equal([]);
  });
});
