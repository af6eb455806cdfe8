import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import {
  findActiveCommand,
  isBeating,
  isOnThisMachine,
  isSilent,
  machineName,
  startHeartbeat,
} from "../../../cli/engine/heartbeat.ts";
import { takeOverDeadLocks } from "../../../cli/engine/lock.ts";
import type { UserError } from "../../../staging/errors.ts";

const STACK = "dev.stage-0123456789ab";

describe("The heartbeat of a stack", () => {
  let folder: string;
  let url: string;
  const stops: (() => unknown)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn heartbeat "));
    url = pathToFileURL(folder).href;
  });

  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await rm(folder, { recursive: true });
  });

  const running = () => join(folder, ".spawn/running");
  const locks = () => join(folder, ".pulumi/locks/organization/spawn", STACK);
  const settings = () => ({ command: "no engine", env: { PULUMI_BACKEND_URL: url }, project: folder });
  const pulse = () => join(running(), `${STACK}.beat`);

  /** A command in a container or on a machine that works on the stack, with the engine's lock. */
  async function elsewhere({ host = "container-1", enginePid = 41 } = {}): Promise<void> {
    await mkdir(running(), { recursive: true });
    const worker = { instance: "a", host, machine: `${host} other`, pid: 40, enginePid };
    await writeFile(join(running(), `${STACK}.json`), JSON.stringify(worker));
    await writeFile(pulse(), "1");
    await lock(host, 41);
  }

  async function lock(host: string, pid: number): Promise<void> {
    await mkdir(locks(), { recursive: true });
    const holder = { pid, username: "ada", hostname: host, timestamp: "2026-01-02T03:04:05Z" };
    await writeFile(join(locks(), "lock.json"), JSON.stringify(holder));
  }

  function beat(): void {
    let count = 1;
    const timer = setInterval(() => void writeFile(pulse(), String(++count)), 20);
    stops.push(() => clearInterval(timer));
  }

  const takeOver = async (watchMs = 300) => {
    const notes: string[] = [];
    await takeOverDeadLocks(settings(), STACK, { onNote: (note) => notes.push(note), watchMs });
    return notes;
  };
  const refusal = (): Promise<UserError> =>
    takeOver(20_000).then(
      () => expect.fail("it took the lock over"),
      (error: unknown) => error as UserError,
    );

  it("lets a command take over the lock of a killed container, with a note", async () => {
    await elsewhere();
    const notes = await takeOver();
    expect(notes).to.deep.equal([
      `Checking whether process 41 on container-1 still updates ${STACK}…`,
      "Took over the lock of a command that was killed on container-1.",
    ]);
    expect(await readdir(locks())).to.deep.equal([]);
  });

  it("lets a command take over from a killed container of the same host name, whatever process has its ID here", async () => {
    await elsewhere({ host: hostname() });
    await lock(hostname(), 41);
    expect(await takeOver()).to.have.length(2);
  });

  it("blocks other commands, and changes nothing", async () => {
    await elsewhere();
    beat();
    const { message, why, fix } = await refusal();
    expect(message).to.equal(`the stack ${STACK} is locked`);
    expect(why).to.contain("process 41 of ada on container-1");
    expect(fix).to.equal("Wait for it to end, then run the command again.");
    expect(await readdir(locks())).to.deep.equal(["lock.json"]);
  });

  it("does not decide about locks of other programs: `pulumi` on another machine has no heartbeat", async () => {
    await elsewhere({ enginePid: 77 });
    expect((await refusal()).fix).to.contain("pulumi cancel");
    await rm(running(), { recursive: true });
    expect((await refusal()).fix).to.contain("pulumi cancel");
  });

  it("shows that its command runs, by the file system's clock alone", async () => {
    expect(await isBeating(url, STACK)).to.equal(false);
    await elsewhere();
    expect(await isBeating(url, STACK)).to.equal(true);
    const past = new Date(Date.now() - 60_000);
    await utimes(pulse(), past, past);
    expect(await isBeating(url, STACK)).to.equal(false);
    expect(await readdir(running())).to.deep.equal([`${STACK}.beat`, `${STACK}.json`]);
  });

  it("continues while the process is busy, names the process, and ends with it", async () => {
    const heartbeat = await startHeartbeat(url, STACK);
    stops.push(() => heartbeat.stop());
    await heartbeat.engineStarted(4711);
    expect(await findActiveCommand(url, STACK)).to.include({
      host: hostname(),
      pid: process.pid,
      enginePid: 4711,
    });
    expect(isOnThisMachine({ machine: machineName() })).to.equal(true);
    const first = await readFile(pulse(), "utf8");
    // Until the thread runs; then this process blocks.
    await isSilent(url, STACK, { forMs: 10_000 });
    const second = await readFile(pulse(), "utf8");
    expect(second).to.not.equal(first);
    for (const end = performance.now() + 1_500; performance.now() < end; );
    expect(await readFile(pulse(), "utf8")).to.not.equal(second);
    await heartbeat.stop();
    expect(await readdir(running())).to.deep.equal([]);
  });

  it("notifies a command after a takeover of its stack, and keeps the other's record", async () => {
    const [asleep, other] = [await startHeartbeat(url, STACK), await startHeartbeat(url, STACK)];
    stops.push(() => other.stop());
    for (const end = performance.now() + 60_000; !asleep.lost.aborted && performance.now() < end; )
      await sleep(50);
    expect(asleep.lost.aborted).to.equal(true);
    await asleep.stop();
    expect(other.lost.aborted).to.equal(false);
    expect(await findActiveCommand(url, STACK)).to.not.equal(undefined);
  });

  it("does nothing for a backend that is no folder", async () => {
    const heartbeat = await startHeartbeat("s3://state", STACK);
    expect(heartbeat.env).to.deep.equal({});
    await heartbeat.stop();
    expect(await isBeating("s3://state", STACK)).to.equal(false);
  });
});
