import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { downloadEngine } from "../../local/engine/download.ts";
import { withLock } from "../../local/lock.ts";
import { packageRoot } from "../../local/paths.ts";
import { makeTestHome } from "../support/cloud.ts";

describe("setting up", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  beforeEach(async () => {
    home = await makeTestHome();
  });
  afterEach(() => home.remove());

  it("gives up the official download when nobody answers, and leaves nothing", async () => {
    // A proxy that takes every call and never answers.
    const silent = createServer(() => undefined).on("connect", () => undefined);
    silent.listen(0, "127.0.0.1");
    await new Promise((resolve) => silent.once("listening", resolve));
    const proxy = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const folder = join(home.home, "engine");
    await mkdir(folder);
    try {
      const env = {
        ...process.env,
        NODE_USE_ENV_PROXY: "1",
        HTTPS_PROXY: proxy,
        https_proxy: proxy,
        NO_PROXY: "",
        no_proxy: "",
      };
      const started = Date.now();
      const failure = await downloadEngine(
        folder,
        { env, onProgress: undefined, signal: undefined },
        1_500,
      ).catch((error: Error) => error.message);
      expect(failure).to.equal("get.pulumi.com does not answer");
      expect(Date.now() - started).to.be.below(5_000);
      expect(await processesNaming(folder)).to.deep.equal([]);
      expect(await readdir(folder)).to.deep.equal(["tmp"]); // which the caller removes with the folder
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it("takes over a lock that a killed process left", async () => {
    const lock = join(home.home, "lock");
    const script = `
      const { withLock } = await import(${JSON.stringify(join(packageRoot(), "local/lock.ts"))});
      await withLock(${JSON.stringify(lock)}, {}, async () => {
        console.log("held");
        setInterval(() => {}, 1000);
        await new Promise(() => {});
      });`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await new Promise((resolve) => holder.stdout.once("data", resolve));
    let waited = 0;
    const taken = withLock(lock, { onWait: () => waited++ }, () => Promise.resolve(Date.now()));
    await sleep(1_500); // the holder touches its lock, so it is not taken while it lives
    const killedAt = Date.now();
    holder.kill("SIGKILL");
    expect(await taken).to.be.within(killedAt, killedAt + 8_000);
    expect(waited).to.equal(1);
    expect(existsSync(lock)).to.equal(false);
  });

  it("stops waiting for a lock when it is told to", async () => {
    const lock = join(home.home, "lock");
    await withLock(lock, {}, async () => {
      const signal = AbortSignal.timeout(300);
      const outcome = await withLock(lock, { signal }, () => Promise.resolve("in")).catch(
        (error: Error) => error.name,
      );
      expect(outcome).to.equal("TimeoutError");
    });
  });
});

async function processesNaming(text: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes(text));
}
