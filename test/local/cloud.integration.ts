import { spawn } from "node:child_process";
import { chmod, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { GetRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { cloudStatus, ensureCloud, resetCloud, stopCloud } from "../../local/cloud/cloud.ts";
import { readRecord, writeRecord } from "../../local/cloud/record.ts";
import { type SpawnPaths, spawnPaths } from "../../local/paths.ts";
import { packageRoot } from "../../package-root.ts";
import type { UserError } from "../../staging/errors.ts";
import { makeTestHome } from "../support/cloud.ts";
import { errorOf, failureOf } from "../support/failure.ts";
import { clientSettings, expectFilled, fill, ROLE } from "./cloud-contents.ts";

describe("local cloud", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  let paths: SpawnPaths;

  beforeEach(async () => {
    home = await makeTestHome();
    paths = spawnPaths(home.env);
  });

  afterEach(async () => {
    await stopCloud({ paths });
    await home.remove();
  });

  it("starts once for two concurrent commands", async () => {
    const script = `
      const { ensureCloud } = await import(${JSON.stringify(join(packageRoot(), "local/cloud/cloud.ts"))});
      console.log(JSON.stringify(await ensureCloud()));`;
    const runs = await Promise.all([1, 2, 3].map(() => runNode(script, home.env)));
    const clouds = runs.map((output) => JSON.parse(output) as { pid: number; started: boolean });
    expect(new Set(clouds.map(({ pid }) => pid)).size).to.equal(1);
    expect(clouds.filter(({ started }) => started)).to.have.length(1);
    expect(await cloudStatus({ paths })).to.include({ state: "running", pid: clouds[0]?.pid });
  });

  it("survives the command that started it, and reports it", async () => {
    const first = await ensureCloud({ paths });
    const second = await ensureCloud({ paths });
    expect(second).to.deep.equal({ ...first, started: false });
  });

  it("keeps all data through down and up, on the same endpoint", async () => {
    const cloud = await ensureCloud({ paths });
    await fill(cloud);
    expect(await stopCloud({ paths })).to.deep.equal({ stopped: true });
    expect((await cloudStatus({ paths })).state).to.equal("stopped");
    expect(await stopCloud({ paths })).to.deep.equal({ stopped: false });
    const again = await ensureCloud({ paths });
    expect(again.endpoint).to.equal(cloud.endpoint);
    expect(again.keys).to.deep.equal(cloud.keys);
    await expectFilled(again);
  });

  it("keeps data older than a second after kill -9", async () => {
    const cloud = await ensureCloud({ paths });
    const { endpoint, pid } = cloud;
    await fill(cloud);
    await sleep(3_000);
    process.kill(pid, "SIGKILL");
    await ended(pid);
    const again = await ensureCloud({ paths });
    expect(again).to.include({ endpoint, started: true });
    await expectFilled(cloud);
  });

  it("stops although a client keeps its connection open", async () => {
    const client = new S3Client(clientSettings(await ensureCloud({ paths }))); // its agent keeps connections alive
    await client.send(new ListBucketsCommand({}));
    const start = Date.now();
    expect(await stopCloud({ paths })).to.deep.equal({ stopped: true });
    expect(Date.now() - start).to.be.below(60_000);
    client.destroy();
  });

  it("is empty after a reset, and restarts on its port", async () => {
    const cloud = await ensureCloud({ paths });
    const { endpoint, pid } = cloud;
    await fill(cloud);
    const { restarted } = await resetCloud({ paths });
    expect(restarted).to.include({ endpoint, started: true });
    expect(restarted?.pid).not.to.equal(pid);
    const { Buckets } = await new S3Client(clientSettings(cloud)).send(new ListBucketsCommand({}));
    expect(Buckets ?? []).to.deep.equal([]);
    const role = new IAMClient(clientSettings(cloud)).send(new GetRoleCommand({ RoleName: ROLE }));
    expect((await errorOf(role)).name).to.equal("NoSuchEntityException");
  });

  it("stays down if it is reset while it is down", async () => {
    await ensureCloud({ paths });
    await stopCloud({ paths });
    expect(await resetCloud({ paths })).to.deep.equal({ restarted: undefined });
    expect((await cloudStatus({ paths })).state).to.equal("stopped");
  });

  it("never touches a process that has its old process ID", async () => {
    const bystander = spawn("sleep", ["60"], { stdio: "ignore" });
    try {
      const pid = bystander.pid as number;
      await writeRecord(join(paths.cloud, "cloud.json"), {
        port: 14_999,
        pid,
        instance: "spawn-of-another-time",
        startedAt: new Date().toISOString(),
      });
      expect((await cloudStatus({ paths })).state).to.equal("stopped");
      expect(await stopCloud({ paths })).to.deep.equal({ stopped: false });
      const cloud = await ensureCloud({ paths });
      expect(cloud).to.include({ started: true });
      await stopCloud({ paths });
      expect(bystander.exitCode).to.equal(null);
      expect(bystander.signalCode).to.equal(null);
      process.kill(pid, 0); // throws if the process has ended
    } finally {
      bystander.kill();
    }
  });

  it("moves to another port if its own is taken, and reports the old endpoint", async () => {
    const squatter = createServer((_, response) => response.end("not a cloud")).listen(0, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    const { port } = squatter.address() as AddressInfo;
    try {
      await writeRecord(join(paths.cloud, "cloud.json"), { port });
      const cloud = await ensureCloud({ paths });
      expect(cloud.port).not.to.equal(port);
      expect(cloud.movedFrom).to.equal(`http://127.0.0.1:${port}`);
    } finally {
      squatter.close();
    }
  });

  it("exits after its data folder was removed", async () => {
    const { pid } = await ensureCloud({ paths });
    await rm(paths.data, { recursive: true, force: true });
    await ended(pid);
  });

  it("listens on this machine only", async () => {
    const { port } = await ensureCloud({ paths });
    const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
    const listening = (await readFile("/proc/net/tcp", "utf8").catch(() => ""))
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === "0A")
      .map(([, local]) => local?.split(":")[0]);
    if (process.platform === "linux") expect(listening).to.deep.equal(["0100007F"]);
  });

  it("reports a fix for missing or old Python, and for missing venv", async () => {
    const bin = join(home.home, "bin");
    await mkdir(bin, { recursive: true });
    const missing = { ...paths, venv: join(home.home, "no such venv") };
    const attempt = async (): Promise<UserError> => {
      const before = process.env["PATH"];
      process.env["PATH"] = bin;
      try {
        return await failureOf(ensureCloud({ paths: missing }));
      } finally {
        process.env["PATH"] = before;
      }
    };

    const none = await attempt();
    expect(none.message).to.equal("The local cloud needs Python 3.10 or newer, and there is none on PATH");
    expect(none.why).to.equal("No python3 was found.");
    expect(none.fix).to.include("sudo apt install python3 python3-venv");

    await writeFile(join(bin, "python3"), "#!/bin/sh\necho 3.8.18 True\n");
    await chmod(join(bin, "python3"), 0o755);
    const old = await attempt();
    expect(old.why).to.equal(`Found only ${join(bin, "python3")} (3.8.18).`);

    await writeFile(join(bin, "python3"), "#!/bin/sh\necho 3.12.1 False\n");
    const withoutVenv = await attempt();
    expect(withoutVenv.message).to.include("Python's module venv is missing");
    expect(withoutVenv.fix).to.include("sudo apt install python3-venv");

    await rm(join(bin, "python3"));
    await symlink("/bin/false", join(bin, "python3"));
    expect((await attempt()).why).to.equal("No python3 was found.");
  });

  it("prints how to reinstall it after its Python lost its modules", async () => {
    const venv = join(home.home, "a venv");
    await mkdir(join(venv, "bin"), { recursive: true });
    await writeFile(
      join(venv, "bin", "python"),
      "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'hypercorn'\"\nexit 1\n",
    );
    await chmod(join(venv, "bin", "python"), 0o755);
    const error = await failureOf(ensureCloud({ paths: { ...paths, venv } }));
    expect(error.fix).to.include(`rm -r '${venv}'`);
  });

  it("keeps its port in the record while it is down", async () => {
    const { port } = await ensureCloud({ paths });
    await stopCloud({ paths });
    expect(await readRecord(join(paths.cloud, "cloud.json"))).to.deep.equal({ port });
  });
});

async function ended(pid: number): Promise<void> {
  for (let i = 0; i < 500; i++) {
    const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (!commandLine.includes("serve.py")) return;
    await sleep(20);
  }
  throw new Error(`process ${pid} is still running`);
}

function runNode(script: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`node ended with ${code}`)),
    );
  });
}
