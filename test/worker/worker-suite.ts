import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findOnPath } from "../../local/command.ts";
import type { IndexItem } from "../../staging/sweep/index-item.ts";
import { claim, isRefused, LEASE_SECONDS, type Outcome } from "../../staging/sweep/index-state.ts";
import { ITEM_KEY, SWEEP_KEY } from "../../staging/sweep/item-keys.ts";
import type { TestInstance } from "./instance.ts";
import { type TestSweep, WorkerFixture } from "./sweep-fixture.ts";

export const shells = ["dash", "bash", "busybox"].flatMap((name) => {
  const [program] = findOnPath(name);
  return program === undefined ? [] : [{ name, command: name === "busybox" ? [program, "sh"] : [program] }];
});
export const [first = { name: "sh", command: ["sh"] }] = shells;

/** The item of an accepted transition. */
export function itemOf(outcome: Outcome): IndexItem {
  if (isRefused(outcome)) throw new Error(`refused: ${outcome.refused}`);
  return outcome.item;
}

/** Asserts that `after` is the result of `claim` on `before` at its time, or of a later heartbeat. */
export function expectClaim(
  before: IndexItem,
  after: IndexItem,
  owner: string,
  retries = { interrupted: 3, error: 0 },
) {
  if (after.state !== "running") throw new Error(`the index is ${after.state}`);
  const claimed = itemOf(claim(before, owner, after.startedAt, retries));
  const least = Math.floor(after.startedAt.getTime() / 1000) + LEASE_SECONDS;
  expect(after.leaseUntil).to.be.within(least - 5, least + 120);
  expect(after).to.deep.equal({ ...claimed, leaseUntil: after.leaseUntil });
}

export const keyOf = ({ id }: TestSweep, item: string) => ({
  [SWEEP_KEY]: { S: id },
  [ITEM_KEY]: { S: item },
});
export const holderOf = (instance: TestInstance, attempt = 1) => ({ owner: instance.id, attempt });
export const endOf = (item: IndexItem): Date => ("endedAt" in item ? item.endedAt : new Date(Number.NaN));

/** The fixture of the surrounding suite's tests, and what they have in common. */
export function workerSuite() {
  let started: WorkerFixture;
  const suite = {
    get fixture(): WorkerFixture {
      return started;
    },
  };
  before(async () => {
    started = await WorkerFixture.start();
  });
  afterEach(() => started.stopInstances());
  after(() => started.stop());

  /** A command that waits for {@link go}, in a sweep of one index. */
  const waiting = async (
    options: Parameters<WorkerFixture["sweep"]>[2] = {},
    env: NodeJS.ProcessEnv = {},
  ) => {
    const file = join(suite.fixture.cloud.folder, `go ${Math.random()}`);
    const command = `echo started; until [ -e '${file}' ]; do sleep 0.1; done; echo ended`;
    const sweep = await suite.fixture.sweep(command, 1, options);
    const before = await sweep.index(0);
    const instance = await suite.fixture.instance(sweep);
    instance.boot(first.command, { ...suite.fixture.env, ...env });
    await isRunning(instance, sweep);
    return { sweep, instance, before, running: await sweep.index(0), go: () => writeFile(file, "") };
  };
  /** Waits until the command of index 0 runs. */
  const isRunning = (instance: TestInstance, sweep: TestSweep, attempt = 1) =>
    instance.until("the command starts", async () =>
      (await sweep.log(0, attempt).catch(() => "")).includes("started"),
    );
  const boot = async (sweep: TestSweep, env: NodeJS.ProcessEnv = {}, number = 1): Promise<TestInstance> => {
    const instance = await suite.fixture.instance(sweep, number);
    instance.boot(first.command, { ...suite.fixture.env, ...env });
    return instance;
  };
  const isShutDown = (instance: TestInstance): boolean => existsSync(join(instance.root, "shutdown"));
  return { suite, waiting, isRunning, boot, isShutDown };
}
