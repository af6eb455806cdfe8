import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findOnPath } from "../../local/command.ts";
import { parseAccountId } from "../../staging/accounts.ts";
import { type IndexItem, indexItem } from "../../staging/sweep/index-item.ts";
import {
  cancel,
  claim,
  complete,
  fail,
  isRefused,
  LEASE_SECONDS,
  type Outcome,
  release,
} from "../../staging/sweep/index-state.ts";
import { ITEM_KEY, indexItemKey, regionItemKey, SWEEP_KEY } from "../../staging/sweep/item-keys.ts";
import { metaItem } from "../../staging/sweep/meta-item.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import { encodeParamSet } from "../../staging/sweep/param-set.ts";
import { rowJson } from "../../staging/sweep/rows.ts";
import { bucketOf, PRIMARY } from "../provider/cloud-fixture.ts";
import { type RuleServer, startRuleServer } from "../support/rule-server.ts";
import { stageTree } from "../support/staged.ts";
import type { TestInstance } from "./instance.ts";
import { datasetOf, instanceId, type TestSweep, WorkerFixture } from "./sweep-fixture.ts";

const shells = ["dash", "bash", "busybox"].flatMap((name) => {
  const [program] = findOnPath(name);
  return program === undefined ? [] : [{ name, command: name === "busybox" ? [program, "sh"] : [program] }];
});
const [first = { name: "sh", command: ["sh"] }] = shells;

/** The item of a transition that is not refused. */
function itemOf(outcome: Outcome): IndexItem {
  if (isRefused(outcome)) throw new Error(`refused: ${outcome.refused}`);
  return outcome.item;
}

/** Fails unless `after` is what `claim` makes of `before`, at the time that it has; or a heartbeat after that. */
function expectClaim(
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

const keyOf = ({ id }: TestSweep, item: string) => ({ [SWEEP_KEY]: { S: id }, [ITEM_KEY]: { S: item } });
const holderOf = (instance: TestInstance, attempt = 1) => ({ owner: instance.id, attempt });
const endOf = (item: IndexItem): Date => ("endedAt" in item ? item.endedAt : new Date(Number.NaN));

describe("The worker of a sweep", function () {
  this.timeout(600_000);
  let fixture: WorkerFixture;
  before(async () => {
    fixture = await WorkerFixture.start();
  });
  afterEach(() => fixture.stopInstances());
  after(() => fixture.stop());

  /** A command that waits until {@link go}, in a sweep of one index. */
  const waiting = async (
    options: Parameters<WorkerFixture["sweep"]>[2] = {},
    env: NodeJS.ProcessEnv = {},
  ) => {
    const file = join(fixture.cloud.folder, `go ${Math.random()}`);
    const command = `echo started; until [ -e '${file}' ]; do sleep 0.1; done; echo ended`;
    const sweep = await fixture.sweep(command, 1, options);
    const before = await sweep.index(0);
    const instance = await fixture.instance(sweep);
    instance.boot(first.command, { ...fixture.env, ...env });
    await isRunning(instance, sweep);
    return { sweep, instance, before, running: await sweep.index(0), go: () => writeFile(file, "") };
  };
  /** Waits until the command of index 0 runs. */
  const isRunning = (instance: TestInstance, sweep: TestSweep, attempt = 1) =>
    instance.until("the command starts", async () =>
      (await sweep.log(0, attempt).catch(() => "")).includes("started"),
    );
  const boot = async (sweep: TestSweep, env: NodeJS.ProcessEnv = {}, number = 1): Promise<TestInstance> => {
    const instance = await fixture.instance(sweep, number);
    instance.boot(first.command, { ...fixture.env, ...env });
    return instance;
  };
  const isShutDown = (instance: TestInstance): boolean => existsSync(join(instance.root, "shutdown"));

  for (const { name, command: shell } of shells) {
    it(`in ${name}: runs the command for every index with its row, and leaves`, async () => {
      const rows: Parameter[][] = [0, 1].map((index) => [
        ["alpha", `${index}`],
        ["label", "plain"],
      ]);
      const command = `#!/bin/sh\necho "$SWEEP_INDEX $alpha $label $PARAM_SET"; cat "$PARAM_FILE"`;
      const sweep = await fixture.sweep(command, 2, { rows });
      const instance = await fixture.instance(sweep);
      instance.boot(shell, fixture.env);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      for (const index of [0, 1]) {
        const { state, attempt, exitCode } = await sweep.index(index);
        expect({ state, attempt, exitCode }).to.deep.equal({ state: "done", attempt: 1, exitCode: 0 });
        expect(await sweep.log(index, 1)).to.contain(
          `${index} ${index} plain alpha=${index},label=plain\n{"alpha":"${index}","label":"plain"}\n`,
        );
      }
      expect(await sweep.region()).to.include({ open: 0, done: 2, failed: 0, alive: 0, nextTicket: 3 });
      expect(instance.ended).to.deep.equal([`${instance.id} true`]);
      expect(await readFile(join(instance.root, "systemctl"), "utf8")).to.contain("enable --now --no-block");
      expect(await sweep.logTags(0, 1)).to.deep.equal([{ Key: "spawn:ttl-days", Value: "30" }]);
    });
  }

  it("claims and ends an index as the state machine does", async () => {
    const { sweep, instance, before, running, go } = await waiting();
    expectClaim(before, running, instance.id);
    await go();
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const after = await sweep.index(0);
    expect(after).to.deep.equal(itemOf(complete(running, holderOf(instance), endOf(after))));
  });

  it("gives hostile values to the command as data, each once, and nothing of its own environment", async () => {
    const row: Parameter[] = [
      ["quotes", `'"; touch HACKED; $(touch HACKED) \`touch HACKED\` \\ %s`],
      ["lines", "one\ntwo\n\n"],
      ["empty", ""],
      ["large", "é".repeat(2048)],
      ["RESULTS_DIR", "/etc"],
      ["work", "a variable of the worker"],
    ];
    const sweep = await fixture.sweep(
      `#!/bin/bash\nfor name in \${!STAGED_*} quotes lines empty large work PARAM_SET; do printf '%s=%s\\0' "$name" "\${!name}"; done
       cat "$PARAM_FILE"; printf '\\0'; ls -A; cp "$PARAM_FILE" "$RESULTS_DIR/it's here"; env | grep -c SECRET; exec 2>/dev/stdout; cat /dev/stdin; exit 0`,
      1,
      { rows: [row], results: `s3://${bucketOf(PRIMARY)}/the results/` },
    );
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.include({ state: "done" });
    const log = await sweep.log(0, 1);
    const expected = row
      .filter(([name]) => name !== "RESULTS_DIR")
      .map(([name, value]) => `${name}=${value}\0`);
    expect(log).to.contain(`${expected.join("")}PARAM_SET=${encodeParamSet(row)}\0${rowJson(row)}\n\0${0}\n`);
    expect(log).not.to.contain("HACKED\n");
    const { bytes } = await fixture.cloud.object(PRIMARY, "the results/0/it's here");
    expect(bytes.toString()).to.equal(`${rowJson(row)}\n`);
  });

  it("stages two datasets once each boot, and counts an instance once", async () => {
    const client = fixture.cloud.s3.of(PRIMARY);
    const tree = await stageTree(client, bucketOf(PRIMARY), [{ path: "sub/a b", text: "in a tree" }]);
    const file = await stageTree(client, bucketOf(PRIMARY), [{ path: "one.txt", text: "a file" }], [], {
      kind: "file",
      filename: "one.txt",
    });
    const shared = await stageTree(client, bucketOf(PRIMARY), [{ path: "x", text: "of another account" }]);
    for (const { stagingId } of [tree, shared]) await fixture.openUsage(stagingId);
    const go = join(fixture.cloud.folder, "two datasets");
    const sweep = await fixture.sweep(
      `cat "$STAGED_PATH/sub/a b" "$STAGED_PATH_0/sub/a b" "$STAGED_PATH_1" "$STAGED_PATH_2/x"; echo started; until [ -e '${go}' ]; do sleep 0.1; done`,
      2,
      {
        datasets: [
          datasetOf(tree, "/mnt/data/it's a tree"),
          datasetOf(file, "/mnt/data/one.txt"),
          { ...datasetOf(shared, "/mnt/data/shared"), account: parseAccountId("222222222222") },
        ],
      },
    );
    const instance = await boot(sweep);
    await isRunning(instance, sweep);
    instance.signal("SIGTERM");
    expect(await instance.exit()).to.equal(0);
    const stopped = await sweep.index(0);
    expect(stopped).to.include({ state: "running", attempt: 1 });

    instance.boot(first.command, fixture.env);
    await writeFile(go, "");
    expect(await instance.exit(), instance.stderr).to.equal(0);
    for (const index of [0, 1]) {
      const { state, attempt, interruptions } = await sweep.index(index);
      expect({ state, attempt, interruptions }).to.deep.equal({
        state: "done",
        attempt: 1,
        interruptions: 0,
      });
    }
    const log = await sweep.log(0, 1);
    expect(log).to.contain("in a treein a treea fileof another account");
    expect(log.match(/started\n/g), log).to.have.length(2);
    expect(log).to.contain("the worker is stopped").and.to.contain("started again");
    expect(instance.stderr.match(/is complete and verified/g) ?? []).to.have.length(0);
    expect((await sweep.log(1, 1)).includes("complete and verified")).to.equal(false);
    expect(await fixture.usage(tree.stagingId)).to.deep.equal({
      staging_id: tree.stagingId,
      instance_count: 1,
      download_count: 1,
      [`instances_in_${PRIMARY}`]: 1,
    });
    // No row is made where the provider has made none; another account's row is not touched.
    expect(await fixture.usage(file.stagingId)).to.deep.equal({});
    expect(await fixture.usage(shared.stagingId)).to.deep.equal({ staging_id: shared.stagingId });
    expect(await sweep.marker(instance.id, tree.stagingId)).to.include({ expires_epoch: 4_102_444_800 });
  });

  it("shares the indices with a second worker, each index once", async () => {
    const sweep = await fixture.sweep('echo "runs $SWEEP_INDEX"; sleep 1', 5, { workers: 2 });
    const instances = [await boot(sweep), await boot(sweep, {}, 2)];
    for (const instance of instances) expect(await instance.exit(), instance.stderr).to.equal(0);
    const owners = new Set<string | undefined>();
    for (let index = 0; index < 5; index += 1) {
      const item = await sweep.index(index);
      expect(item).to.include({ state: "done", attempt: 1, interruptions: 0 });
      owners.add("owner" in item ? item.owner : undefined);
    }
    expect([...owners].sort()).to.deep.equal([instanceId(1), instanceId(2)]);
    expect(await sweep.region()).to.include({ open: 0, done: 5, alive: 0 });
  });

  it("takes over the index of a worker that was killed, once its lease has run out", async () => {
    const { sweep, instance, running, go } = await waiting();
    instance.signal("SIGKILL");
    await instance.exit();
    if (running.state !== "running") throw new Error(running.state);
    await sweep.putIndex({ ...running, leaseUntil: 1 });
    const second = await boot(sweep, {}, 2);
    await isRunning(second, sweep, 2);
    const taken = await sweep.index(0);
    expectClaim({ ...running, leaseUntil: 1 }, taken, second.id);
    await go();
    expect(await second.exit(), second.stderr).to.equal(0);
    const after = await sweep.index(0);
    expect(after).to.deep.equal(itemOf(complete(taken, holderOf(second, 2), endOf(after))));
    expect(await sweep.region()).to.include({ open: 0, done: 1 });

    // The first worker comes back: it has lost the index, and leaves.
    instance.boot(first.command, fixture.env);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.deep.equal(after);
  });

  it("fails an index that was interrupted too often", async () => {
    const sweep = await fixture.sweep("exit 1", 1, { retries: { interrupted: 0, error: 0 } });
    const before = itemOf(
      claim(await sweep.index(0), instanceId(9), new Date(1_700_000_000_000), sweep.meta.retries),
    );
    await sweep.putIndex(before);
    await sweep.putRegion({ ...(await sweep.region()), nextTicket: 1 });
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const after = await sweep.index(0);
    expect(after).to.deep.equal(itemOf(claim(before, instance.id, endOf(after), sweep.meta.retries)));
    expect(await sweep.region()).to.include({ open: 0, failed: 1 });
  });

  it("releases the index at a spot notice, and ends the instance", async () => {
    const { sweep, instance, running } = await waiting();
    instance.metadata.set("spot/instance-action", '{"action":"terminate"}');
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.deep.equal(
      itemOf(release(running, holderOf(instance), new Date(), sweep.meta.retries)),
    );
    expect(isShutDown(instance)).to.equal(true);
    expect(instance.ended).to.deep.equal([]);
    expect(await sweep.region()).to.include({ open: 1, alive: 1 });
    expect(await sweep.log(0, 1)).to.contain("the spot instance is to be interrupted");
  });

  it("retries a failed command, and keeps the end of its output", async () => {
    const sweep = await fixture.sweep(
      `printf 'bad "bytes" \\\\ \\377\\033[1m\\n'; [ "$SWEEP_ATTEMPT" = 2 ] || exit 7`,
      1,
      { retries: { interrupted: 0, error: 1 } },
    );
    const before = await sweep.index(0);
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const after = await sweep.index(0);
    const [now, error] = [
      endOf(after),
      'the command failed with exit code 7. The last lines of its output:\nbad "bytes" \\ [1m',
    ];
    const running = itemOf(claim(before, instance.id, now, sweep.meta.retries));
    const failed = itemOf(fail(running, holderOf(instance), { exitCode: 7, error }, now, sweep.meta.retries));
    const again = itemOf(claim(failed, instance.id, now, sweep.meta.retries));
    const startedAt = "startedAt" in after ? after.startedAt : undefined;
    expect(after).to.deep.equal({ ...itemOf(complete(again, holderOf(instance, 2), now)), startedAt });

    const other = await fixture.sweep("echo out; exit 9", 1);
    const last = await boot(other);
    expect(await last.exit(), last.stderr).to.equal(0);
    expect(await other.index(0)).to.include({
      ...{ state: "failed", exitCode: 9, errors: 1 },
      error: "the command failed with exit code 9. The last lines of its output:\nout",
    });
    expect(await other.region()).to.include({ open: 0, failed: 1, alive: 0 });
  });

  it("ends a command after its time, with all that it started", async () => {
    const file = join(fixture.cloud.folder, "pid");
    const command = `trap '' TERM; sh -c 'trap "" TERM; echo $$ >"${file}"; sleep 600; :' & wait; sleep 600`;
    const sweep = await fixture.sweep(command, 1, { timeoutSeconds: 5 });
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const { state, error, exitCode } = await sweep.index(0);
    expect({ state, exitCode }).to.deep.equal({ state: "failed", exitCode: undefined });
    expect(error).to.match(/^timed out after 5 seconds/);
    const pid = (await readFile(file, "utf8")).trim();
    // Nobody may be there to bury it.
    const left = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    expect(left).to.match(/^$|\) Z /);
  });

  it("ends what left the command's process group, when the command has ended", async () => {
    const file = join(fixture.cloud.folder, "stray pid");
    const sweep = await fixture.sweep(
      `setsid sh -c 'echo $$ >"${file}"; trap "" TERM; sleep 600; :' >/dev/null 2>&1 & until [ -s '${file}' ]; do sleep 0.1; done`,
      1,
    );
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.include({ state: "done" });
    const left = await readFile(`/proc/${(await readFile(file, "utf8")).trim()}/stat`, "utf8").catch(
      () => "",
    );
    expect(left).to.match(/^$|\) Z /);
  });

  it("copies what links of RESULTS_DIR name, and none that lead in a circle", async () => {
    const results = `s3://${bucketOf(PRIMARY)}/linked/`;
    const sweep = await fixture.sweep(
      `echo made >out; ln -s "$PWD/out" "$RESULTS_DIR/link"; [ "$SWEEP_INDEX" = 0 ] || ln -s . "$RESULTS_DIR/circle"`,
      2,
      { results },
    );
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const { bytes } = await fixture.cloud.object(PRIMARY, "linked/0/link");
    expect(bytes.toString()).to.equal("made\n");
    expect(await sweep.index(0)).to.include({ state: "done" });
    expect(await sweep.index(1)).to.include({ state: "failed" });
    expect(await sweep.log(1, 1)).to.match(/loop/i);
  });

  describe("whose items were forged", () => {
    it("takes no text of an item for a part of a request or of a name", async () => {
      const sweep = await fixture.sweep("echo runs", 2);
      const running = itemOf(
        claim(await sweep.index(0), instanceId(9), new Date(1_700_000_000_000), sweep.meta.retries),
      );
      if (running.state !== "running") throw new Error(running.state);
      const forged = 'x"},":me":{"S":"i-forged';
      await sweep.putIndex({ ...running, owner: forged });
      await fixture.put({ ...indexItem(await sweep.index(1)), item: { S: "index#0000001/../../../other" } });
      await sweep.putRegion({ ...(await sweep.region()), nextTicket: 1, alive: 2 });
      const instance = await boot(sweep);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(await fixture.get(keyOf(sweep, indexItemKey(0)))).to.include({
        state: "running",
        owner: forged,
      });
      expect(await sweep.index(1)).to.include({ state: "done" });
      expect(instance.stderr).not.to.contain("..");
    });

    it("leaves without a replacement if they are unusable for every worker", async () => {
      const damages: ((sweep: TestSweep) => Promise<unknown>)[] = [
        (sweep) => fixture.put({ ...keyOf(sweep, regionItemKey(PRIMARY)), next_ticket: { N: "0" } }),
        (sweep) =>
          fixture.put({
            ...keyOf(sweep, regionItemKey(PRIMARY)),
            ...{
              next_ticket: { N: "-1e20" },
              start: { N: "0" },
              end: { N: "1" },
              open: { N: "1" },
              alive: { N: "1" },
            },
          }),
        (sweep) => fixture.remove(keyOf(sweep, regionItemKey(PRIMARY))),
        (sweep) =>
          fixture.put({
            ...metaItem(sweep.meta),
            retries_error: { N: "1.5" },
            expires_epoch: { N: "4102444800" },
          }),
        (sweep) => fixture.remove(keyOf(sweep, "meta")),
      ];
      for (const [number, damage] of damages.entries()) {
        const sweep = await fixture.sweep("echo never", 1);
        await damage(sweep);
        const instance = await boot(sweep);
        expect(await instance.exit(), instance.stderr).to.equal(0);
        expect(instance.ended, `${number}: ${instance.stderr}`).to.deep.equal([`${instance.id} true`]);
        expect(isShutDown(instance), `${number}`).to.equal(false);
      }
    });
  });

  it("leaves without a replacement if it has no permissions on the table", async () => {
    const rules = await startRuleServer(fixture.cloud.cloud.endpoint);
    rules.rule = () => ({ status: 400, code: "AccessDeniedException" });
    try {
      const sweep = await fixture.sweep("echo never", 1);
      const env = { AWS_ENDPOINT_URL_DYNAMODB: rules.endpoint, SPAWN_PATIENCE: "2", AWS_MAX_ATTEMPTS: "1" };
      const instance = await boot(sweep, env);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(instance.ended, instance.stderr).to.deep.equal([`${instance.id} true`]);
      expect(isShutDown(instance)).to.equal(false);
    } finally {
      await rules.stop();
    }
  });

  it("ends a command whose index was cancelled, and leaves a cancelled sweep", async () => {
    const { sweep, instance, running } = await waiting({}, { SPAWN_HEARTBEAT: "1" });
    const cancelled = itemOf(cancel(running, new Date(1_700_000_000_000)));
    await sweep.putIndex(cancelled);
    await sweep.putMeta({ cancelledAt: new Date() });
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.deep.equal(cancelled);
    expect(await sweep.log(0, 1)).not.to.contain("ended\n");
    expect(instance.ended).to.deep.equal([`${instance.id} true`]);
  });

  it("finds an index that is open again without a ticket for each one that was cancelled", async () => {
    const sweep = await fixture.sweep("true", 30);
    for (let index = 1; index < 30; index += 1) {
      await sweep.putIndex(itemOf(cancel(await sweep.index(index), new Date(1_700_000_000_000))));
    }
    await sweep.putRegion({ ...(await sweep.region()), open: 1, cancelled: 29, nextTicket: 4 });
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.include({ state: "done" });
    expect(await sweep.region()).to.include({ open: 0, done: 1, cancelled: 29, nextTicket: 5 });
  });

  it("does not end an index that another worker has by now", async () => {
    const { sweep, instance, running, go } = await waiting();
    if (running.state !== "running") throw new Error(running.state);
    const taken = { ...running, owner: instanceId(2), attempt: 2 };
    await sweep.putIndex(taken);
    await go();
    await instance.until("the index is given up", () => instance.stderr.includes("Nothing is written"));
    expect(await sweep.index(0)).to.deep.equal(taken);
    expect(await sweep.region()).to.include({ open: 1, done: 0 });
  });

  it("continues while the table is unreachable, and ends the index afterwards", async () => {
    const rules: RuleServer = await startRuleServer(fixture.cloud.cloud.endpoint);
    try {
      const env = { AWS_ENDPOINT_URL_DYNAMODB: rules.endpoint, SPAWN_HEARTBEAT: "1", AWS_MAX_ATTEMPTS: "1" };
      const { sweep, instance, go } = await waiting({}, env);
      rules.rule = () => ({ status: 503, code: "ServiceUnavailable" });
      await instance.until("the table is missed", () => instance.stderr.includes("cannot be reached"));
      await go();
      await instance.until("the end is tried", () => instance.stderr.includes("trying again"));
      rules.rule = () => undefined;
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(await sweep.index(0)).to.include({ state: "done", attempt: 1 });

      const lost = await waiting({}, { ...env, SPAWN_PATIENCE: "3" });
      rules.rule = () => ({ status: 503, code: "ServiceUnavailable" });
      expect(await lost.instance.exit(), lost.instance.stderr).to.equal(0);
      expect(isShutDown(lost.instance)).to.equal(true);
      expect(await lost.sweep.index(0)).to.include({ state: "running" });
    } finally {
      await rules.stop();
    }
  });

  describe("whose data cannot be had", () => {
    const staged = () =>
      stageTree(fixture.cloud.s3.of(PRIMARY), bucketOf(PRIMARY), [{ path: "a", text: "staged" }]);
    const run = async (entry: Awaited<ReturnType<typeof staged>>, env: NodeJS.ProcessEnv) => {
      const retries = { interrupted: 3, error: 5 };
      const sweep = await fixture.sweep("echo never", 3, { datasets: [datasetOf(entry, "/data")], retries });
      const before = await sweep.index(0);
      const instance = await boot(sweep, env);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(instance.ended).to.deep.equal([`${instance.id} true`]);
      const after = await sweep.index(0);
      const running = itemOf(
        claim(
          before,
          instance.id,
          "startedAt" in after ? (after.startedAt ?? new Date()) : new Date(),
          retries,
        ),
      );
      const failure = { error: after.error ?? "", final: true };
      expect(after).to.deep.equal(itemOf(fail(running, holderOf(instance), failure, endOf(after), retries)));
      // No other worker is left.
      for (const index of [1, 2])
        expect(await sweep.index(index)).to.include({ state: "failed", error: after.error });
      expect(await sweep.region()).to.include({ open: 0, failed: 3, alive: 0 });
      expect(await sweep.log(0, 1)).to.contain(`${after.error}`.split("\n")[0]);
      return after.error;
    };

    it("fails the index for a second checksum mismatch, and what is left with it", async () => {
      const entry = await staged();
      await entry.put("a", "other!");
      expect(await run(entry, {}))
        .to.contain("SHA256 checksum mismatch\nWhy: ")
        .and.to.contain(`Fix: spawn stage repair ${entry.stagingId}`);
    });

    it("fails the index for a 403, and leaves others to other workers", async () => {
      const entry = await staged();
      const rules = await startRuleServer(fixture.cloud.cloud.endpoint);
      rules.rule = (_, path) =>
        path.includes(entry.stagingId) ? { status: 403, code: "AccessDenied" } : undefined;
      const env = { AWS_ENDPOINT_URL_S3: rules.endpoint };
      try {
        expect(await run(entry, env))
          .to.contain("download failed: 403 Forbidden\nWhy: ")
          .and.to.contain("--iam-policy s3:GetObject");

        const sweep = await fixture.sweep("echo never", 2, {
          datasets: [datasetOf(entry, "/data")],
          workers: 2,
        });
        const instance = await boot(sweep, env);
        expect(await instance.exit(), instance.stderr).to.equal(0);
        expect(await sweep.index(0)).to.include({ state: "failed" });
        expect(await sweep.index(1)).to.include({ state: "pending" });
        expect(await sweep.region()).to.include({ open: 1, failed: 1, alive: 1 });
      } finally {
        await rules.stop();
      }
    });

    it("fails the index for a full disk", async () => {
      const entry = await staged();
      const sweep = await fixture.sweep("echo never", 1, { datasets: [datasetOf(entry, "/data")] });
      const instance = await fixture.instance(sweep);
      const df = "#!/bin/sh\necho header; echo 'disk 100 100 0 100% /'\n";
      await writeFile(join(instance.root, "bin", "df"), df, { mode: 0o755 });
      const rules = await startRuleServer(fixture.cloud.cloud.endpoint);
      rules.rule = (_, path) => (path.endsWith("/data/a") ? "silence" : undefined);
      instance.boot(first.command, { ...fixture.env, AWS_ENDPOINT_URL_S3: rules.endpoint });
      expect(await instance.exit(), instance.stderr).to.equal(0);
      await rules.stop();
      expect((await sweep.index(0)).error)
        .to.contain("the disk is full\nWhy: ")
        .and.to.contain("larger volume");
    });
  });

  it("keeps the beginning and the end of a long log", async () => {
    const sweep = await fixture.sweep("i=10000; while [ $i -lt 14000 ]; do echo $i; i=$((i + 1)); done", 1);
    const instance = await boot(sweep, { SPAWN_LOG_PIECE: "600" });
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const log = await sweep.log(0, 1);
    expect(log.length).to.be.within(9_000, 10_500);
    expect(log)
      .to.contain("\n10000\n")
      .and.to.contain("\n13999\n")
      .and.to.match(/\d+ bytes are left out here/);
  });

  it("ends a command at the deadline, and leaves", async () => {
    const sweep = await fixture.sweep("echo started; sleep 600", 1);
    const instance = await fixture.instance(sweep);
    const late = join(instance.root, "late");
    const [date] = findOnPath("date");
    // A clock that the test sets.
    const clock = `#!/bin/sh\ncase $*-$(ls '${late}' 2>/dev/null) in *%Y%m%d*-?*) echo 29990101000000 ;; *) exec ${date} "$@" ;; esac\n`;
    await writeFile(join(instance.root, "bin", "date"), clock, { mode: 0o755 });
    instance.boot(first.command, fixture.env);
    await isRunning(instance, sweep);
    const running = await sweep.index(0);
    await writeFile(late, "");
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const after = await sweep.index(0);
    const failure = { error: after.error ?? "", final: true };
    expect(after).to.deep.equal(
      itemOf(fail(running, holderOf(instance), failure, endOf(after), sweep.meta.retries)),
    );
    expect(after.error).to.contain("the sweep's deadline has passed");
    expect(instance.ended).to.deep.equal([`${instance.id} true`]);
  });

  it("waits for the metadata service, and shuts down if Auto Scaling does not end it", async () => {
    const sweep = await fixture.sweep("true", 1);
    const instance = await fixture.instance(sweep);
    instance.metadata.delete("instance-id");
    instance.refusal = "ValidationError";
    instance.boot(first.command, fixture.env);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    instance.metadata.set("instance-id", instance.id);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.include({ state: "done" });
    expect(isShutDown(instance)).to.equal(true);

    // After a reboot, it does not leave twice.
    instance.refusal = undefined;
    instance.boot(first.command, fixture.env);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(instance.ended).to.deep.equal([`${instance.id} true`]);
    expect(await sweep.region()).to.include({ alive: 0 });
  });
});
