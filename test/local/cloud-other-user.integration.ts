import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { pollUntil } from "../../local/background.ts";
import { cloudStatus, ensureCloud, stopCloud } from "../../local/cloud/cloud.ts";
import { keyFile, readLocalKeys } from "../../local/cloud/keys.ts";
import { freePort } from "../../local/cloud/port.ts";
import { type SpawnPaths, spawnPaths } from "../../local/paths.ts";
import { makeTestHome } from "../support/cloud.ts";
import { clientSettings, expectFilled, fill } from "./cloud-contents.ts";

const isRoot = process.getuid?.() === 0;
/** Another user of this machine if possible; otherwise a process of this user without knowledge of its files. */
const OTHER = isRoot ? { uid: 65_534, gid: 65_534 } : {};

describe("another user of the local cloud's machine", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  let paths: SpawnPaths;
  let other: ChildProcess | undefined;

  beforeEach(async () => {
    home = await makeTestHome();
    paths = spawnPaths(home.env);
    // The local cloud's own folder must keep others out, not the folders above it.
    await chmod(home.home, 0o755);
    await mkdir(paths.cloud, { recursive: true });
    await chmod(paths.cloud, 0o755);
  });
  afterEach(async () => {
    other?.kill("SIGKILL");
    await stopCloud({ paths });
    await home.remove();
  });

  /** Runs a script as the other user, until its first line of output. */
  async function asOther(script: string, ...args: string[]): Promise<{ said: () => string }> {
    let said = "";
    other = spawn(process.execPath, ["-e", script, ...args], { ...OTHER, cwd: "/", env: {} });
    other.stdout?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    other.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    if (other.stdout !== null) await once(other.stdout, "data");
    return { said: () => said };
  }

  it("reads neither the key nor the data, nor finds the key in a command line", async () => {
    const cloud = await ensureCloud({ paths });
    await fill(cloud);
    await chmod(paths.cloud, 0o755); // only the modes of the files protect them now
    for (const name of ["key.json", "cloud.json", "cloud.log"]) {
      expect(((await stat(join(paths.cloud, name))).mode & 0o777).toString(8), name).to.equal("600");
    }
    for (const name of ["s3", "services", "tmp"]) {
      expect(((await stat(join(paths.cloud, name))).mode & 0o777).toString(8), name).to.equal("700");
    }
    const line = await readFile(`/proc/${cloud.pid}/cmdline`, "utf8").catch(() => "");
    expect(line).to.not.include(cloud.keys.secretAccessKey);
    expect(line).to.not.include(cloud.keys.accessKeyId);
    expect(await readFile(join(paths.cloud, "cloud.json"), "utf8")).to.not.include(
      cloud.keys.secretAccessKey,
    );
    if (isRoot) {
      const files = ["key.json", "cloud.json", "cloud.log", "s3"].map((name) => join(paths.cloud, name));
      const { said } = await asOther(
        `const fs = require("node:fs"); console.log(process.argv.slice(1).map((file) => {
           try { return fs.statSync(file).isDirectory() ? fs.readdirSync(file) : fs.readFileSync(file, "utf8"); } catch (error) { return error.code; }
         }).join());`,
        ...[...files, `/proc/${cloud.pid}/environ`],
      );
      expect(said().trim()).to.equal("EACCES,EACCES,EACCES,EACCES,EACCES");
    }
  });

  it("gets no key, no request and no data through the port of a crashed cloud", async () => {
    const cloud = await ensureCloud({ paths });
    process.kill(cloud.pid, "SIGKILL");
    await gone(cloud.port);
    const record = await readFile(join(paths.cloud, "cloud.json"), "utf8");
    // It responds with all that it could know: the readable record of an older version, and the request itself.
    const { said } = await asOther(
      `require("node:http").createServer((request, response) => {
         console.log(request.method, request.url, request.rawHeaders.join(" "));
         const proof = request.headers["x-spawn-proof"];
         response.end(JSON.stringify({ ...JSON.parse(process.argv[1]), proof, edition: JSON.parse(process.argv[1]).instance }));
         request.on("data", (data) => console.log(String(data)));
       }).listen(${cloud.port}, "127.0.0.1", () => console.log("listening"));`,
      record,
    );
    const again = await ensureCloud({ paths });
    expect(again).to.include({ started: true, movedFrom: cloud.endpoint });
    expect(again.port).not.to.equal(cloud.port);
    expect(again.keys).to.deep.equal(cloud.keys);
    await new S3Client(clientSettings(again)).send(new ListBucketsCommand({}));
    const requests = said().trim().split("\n").slice(1);
    expect(requests).to.not.be.empty;
    for (const request of requests) expect(request).to.match(/^GET \/_spawn\/proof /);
    for (const secret of Object.values(cloud.keys)) expect(said()).to.not.include(secret);
    expect(said()).to.not.match(/authorization|AWS4/i);
  });

  it("is not mistaken for the local cloud's process, despite its command line", async () => {
    const cloud = await ensureCloud({ paths });
    process.kill(cloud.pid, "SIGKILL");
    await gone(cloud.port);
    const file = join(paths.cloud, "cloud.json");
    const record = JSON.parse(await readFile(file, "utf8"));
    await asOther("console.log(1); setTimeout(() => {}, 60_000)", record.instance);
    const impostor = other as ChildProcess;
    // Without root there is no other user here; cloud.test.ts tests that case.
    const pid = isRoot ? impostor.pid : 2 ** 22 + 1;
    await writeFile(file, JSON.stringify({ ...record, pid }));
    expect((await cloudStatus({ paths })).state).to.equal("stopped");
    expect(await stopCloud({ paths })).to.deep.equal({ stopped: false });
    expect(await ensureCloud({ paths })).to.include({ started: true });
    expect(impostor.exitCode).to.equal(null);
    expect(impostor.signalCode).to.equal(null);
  });

  it("loses access after a restart: a world-readable key is replaced", async () => {
    const first = await ensureCloud({ paths });
    await fill(first);
    await stopCloud({ paths });
    await chmod(keyFile(paths.cloud), 0o644);
    const second = await ensureCloud({ paths });
    expect(second.keys).to.not.deep.equal(first.keys);
    expect((await stat(keyFile(paths.cloud))).mode & 0o777).to.equal(0o600);
    await expectFilled(second);
    const old = new S3Client(clientSettings({ ...second, keys: first.keys }));
    const refused = await old.send(new ListBucketsCommand({})).catch((error: Error) => error.name);
    expect(refused).to.equal("InvalidAccessKeyId");
  });

  it("is locked out of the local cloud of an older version, which the next command restarts with a key", async () => {
    await fill(await ensureCloud({ paths }));
    await stopCloud({ paths });
    const { port } = JSON.parse(await readFile(join(paths.cloud, "cloud.json"), "utf8")) as { port: number };
    const old = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)", "spawn-older-version"]);
    const record = {
      port,
      pid: old.pid,
      token: "spawn-older-version",
      startedAt: "2026-01-01T00:00:00.000Z",
    };
    await writeFile(join(paths.cloud, "cloud.json"), JSON.stringify(record));
    await chmod(join(paths.cloud, "cloud.json"), 0o644);
    expect((await cloudStatus({ paths })).state).to.equal("running");
    const cloud = await ensureCloud({ paths });
    expect(cloud).to.include({ started: true, port });
    expect(old.signalCode).to.equal("SIGTERM");
    expect(await readLocalKeys(paths)).to.deep.equal(cloud.keys);
    expect((await stat(join(paths.cloud, "cloud.json"))).mode & 0o777).to.equal(0o600);
    expect((await stat(paths.cloud)).mode & 0o777).to.equal(0o700);
    await expectFilled(cloud);
  });

  it("restarts the local cloud whose key file was removed while it ran", async () => {
    const first = await ensureCloud({ paths });
    await writeFile(keyFile(paths.cloud), JSON.stringify({ ...first.keys, secretAccessKey: "s".repeat(40) }));
    const second = await ensureCloud({ paths });
    expect(second).to.include({ started: true, port: first.port });
    expect(second.keys.secretAccessKey).to.equal("s".repeat(40));
    await writeFile(keyFile(paths.cloud), "{}");
    const error = await ensureCloud({ paths }).catch((reason: unknown) => reason);
    expect(String(error)).to.include("The access key of the local cloud cannot be read");
  });
});

/** Waits until the port is free. */
async function gone(port: number): Promise<void> {
  if (!(await pollUntil(async () => (await freePort(port)) === port, 10_000)))
    throw new Error(`port ${port} is still taken`);
}
