import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { withLock } from "../../local/lock.ts";
import { packageRoot } from "../../package-root.ts";
import { makeTestHome } from "../support/cloud.ts";
import { errorOf } from "../support/failure.ts";

describe("setup", () => {
  let home: Awaited<ReturnType<typeof makeTestHome>>;
  beforeEach(async () => {
    home = await makeTestHome();
  });
  afterEach(() => home.remove());

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
    expect(await taken).to.be.within(killedAt, killedAt + 60_000);
    expect(waited).to.equal(1);
    expect(existsSync(lock)).to.equal(false);
  });

  it("stops waiting for a lock after an abort", async () => {
    const lock = join(home.home, "lock");
    await withLock(lock, {}, async () => {
      const signal = AbortSignal.timeout(300);
      const error = await errorOf(withLock(lock, { signal }, () => Promise.resolve("in")));
      expect(error.name).to.equal("TimeoutError");
    });
  });
});
