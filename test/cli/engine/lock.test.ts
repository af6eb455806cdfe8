import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { commandLineTag, takeOverDeadLocks } from "../../../cli/engine/lock.ts";
import type { UserError } from "../../../staging/errors.ts";

const STACK = "prod.stage-0123456789ab";

describe("takeOverDeadLocks", () => {
  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn lock "));
    await mkdir(locks(), { recursive: true });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await rm(folder, { recursive: true });
  });

  const locks = () => join(folder, ".pulumi/locks/organization/spawn", STACK);
  const settings = () => ({
    command: "no engine is started",
    env: { ...process.env, PULUMI_BACKEND_URL: pathToFileURL(folder).href },
    project: folder,
  });
  const left = async () => (await readdir(locks())).sort();
  async function lock(pid: number, host = hostname()): Promise<void> {
    const holder = { pid, username: "ada", hostname: host, timestamp: "2026-01-02T03:04:05Z" };
    await writeFile(join(locks(), "lock.json"), JSON.stringify(holder));
    await writeFile(join(locks(), "lock.json.attrs"), "{}");
  }

  /** A waiting process, with `words` in its command line. */
  async function waiting(...words: string[]): Promise<number> {
    const child = spawn(
      process.execPath,
      ["-e", "console.log(); setTimeout(() => {}, 60000)", "--", ...words],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    children.push(child);
    await once(child.stdout, "data");
    return child.pid as number;
  }

  async function refusal(): Promise<UserError> {
    return takeOverDeadLocks(settings(), STACK).then(
      () => expect.fail("it took the lock over"),
      (error: unknown) => error as UserError,
    );
  }

  it("does nothing without a lock", async () => {
    await takeOverDeadLocks(settings(), STACK);
    expect(await left()).to.deep.equal([]);
  });

  it("does nothing for a backend that is no folder", async () => {
    await lock(1);
    const env = { ...process.env, PULUMI_BACKEND_URL: "s3://state" };
    await takeOverDeadLocks({ ...settings(), env }, STACK);
    expect(await left()).to.have.length(2);
  });

  it("takes over the lock of an ended process, with a note", async () => {
    const child = spawn("true");
    await once(child, "exit");
    await lock(child.pid as number);
    const notes: string[] = [];
    await takeOverDeadLocks(settings(), STACK, { onNote: (message) => notes.push(message) });
    expect(await left()).to.deep.equal([]);
    expect(notes).to.deep.equal(["Took over the lock of a command that was killed."]);
  });

  it("takes over the lock of a process whose ID another program has now", async () => {
    await lock(await waiting("something-else"));
    await takeOverDeadLocks(settings(), STACK);
    expect(await left()).to.deep.equal([]);
  });

  it("refuses while another user's engine is running, and names it", async () => {
    const pid = await waiting("pulumi", "up");
    await lock(pid);
    expect(await refusal()).to.include({
      message: `the stack ${STACK} is locked`,
      why: `Another update of the stack is running (process ${pid} of ada, since 2026-01-02T03:04:05Z).`,
      fix: "Wait for it to end, then run the command again.",
    });
    expect(await left()).to.have.length(2);
  });

  it("refuses while the engine of a running command line is running", async () => {
    await lock(await waiting("pulumi", "up", commandLineTag(process.pid)));
    expect((await refusal()).message).to.contain("locked");
  });

  it("waits for an engine whose command line was killed", async () => {
    await lock(await waiting("pulumi", "up", commandLineTag(1)));
    const notes: string[] = [];
    await takeOverDeadLocks(settings(), STACK, {
      onNote: (message) => {
        notes.push(message);
        children[0]?.kill("SIGKILL");
      },
    });
    expect(notes[0]).to.match(/^Waiting for the engine of a killed command \(process \d+\)…$/);
    expect(await left()).to.deep.equal([]);
  });

  it("cannot check processes of another machine, and names the fix", async () => {
    await lock(1, "elsewhere");
    const { why, fix } = await refusal();
    expect(why).to.contain("process 1 of ada on elsewhere");
    expect(fix).to.contain(
      `eval "$(spawn env --environment prod)"; pulumi cancel --stack organization/spawn/${STACK}`,
    );
    expect(await left()).to.deep.equal(["lock.json", "lock.json.attrs"]);
  });
});
