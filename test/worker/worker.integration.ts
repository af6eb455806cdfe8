import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { indexItem } from "../../staging/sweep/index-item.ts";
import { cancel, claim, complete, release } from "../../staging/sweep/index-state.ts";
import { indexItemKey, regionItemKey } from "../../staging/sweep/item-keys.ts";
import { metaItem } from "../../staging/sweep/meta-item.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import { PRIMARY } from "../provider/cloud-fixture.ts";
import { type RuleServer, startRuleServer } from "../support/rule-server.ts";
import type { TestInstance } from "./instance.ts";
import { instanceId, type TestSweep } from "./sweep-fixture.ts";
import { endOf, expectClaim, first, holderOf, itemOf, keyOf, shells, workerSuite } from "./worker-suite.ts";

describe("The worker of a sweep", function () {
  this.timeout(600_000);
  const { suite, waiting, isRunning, boot, isShutDown } = workerSuite();

  for (const { name, command: shell } of shells) {
    it(`in ${name}: runs the command for every index with its row, and leaves`, async () => {
      const rows: Parameter[][] = [0, 1].map((index) => [
        ["alpha", `${index}`],
        ["label", "plain"],
      ]);
      const command = `#!/bin/sh\necho "$SWEEP_INDEX $alpha $label $PARAM_SET"; cat "$PARAM_FILE"`;
      const sweep = await suite.fixture.sweep(command, 2, { rows });
      const instance = await suite.fixture.instance(sweep);
      instance.boot(shell, suite.fixture.env);
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
      const unit = join(instance.root, "etc", "systemd", "system", "spawn-worker.service");
      expect(await readFile(unit, "utf8")).to.contain("\nOOMPolicy=continue\n");
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

  it("shares the indices with a second worker, each index once", async () => {
    // The first index ends only after another one has begun, so both workers certainly run one.
    const begun = join(suite.fixture.cloud.folder, "begun");
    await mkdir(begun);
    const command = `touch '${begun}'/$SWEEP_INDEX; until [ "$(ls '${begun}' | wc -l)" -ge 2 ]; do sleep 0.1; done`;
    const sweep = await suite.fixture.sweep(command, 5, { workers: 2 });
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

    // The first worker resumes: it has lost the index, and leaves.
    instance.boot(first.command, suite.fixture.env);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.deep.equal(after);
  });

  it("fails an index that was interrupted too often", async () => {
    const sweep = await suite.fixture.sweep("exit 1", 1, { retries: { interrupted: 0, error: 0 } });
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

  for (const state of ["pending", "expired"] as const) {
    it(`keeps the ${state} index that it has claimed, although the response was lost`, async () => {
      const sweep = await suite.fixture.sweep("true", 1);
      let before = await sweep.index(0);
      if (state === "expired") {
        before = itemOf(claim(before, instanceId(9), new Date(1_700_000_000_000), sweep.meta.retries));
        await sweep.putIndex(before);
        await sweep.putRegion({ ...(await sweep.region()), nextTicket: 1 });
      }
      const instance = await suite.fixture.instance(sweep);
      const lost = `aws "$@" >/dev/null; echo 'Connection was closed' >&2; exit 255`;
      const isFirstClaim = `grep -qs '#owner = :me, #lease_until' "$SPAWN_ROOT/run/spawn-worker/request" && mkdir "$SPAWN_ROOT/lost" 2>/dev/null`;
      await instance.wrap("aws", `if ${isFirstClaim}; then ${lost}; fi`);
      instance.boot(first.command, suite.fixture.env);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(instance.stderr).to.contain("Connection was closed");
      const { attempt, interruptions } = itemOf(claim(before, instance.id, new Date(), sweep.meta.retries));
      expect(await sweep.index(0)).to.include({ state: "done", attempt, interruptions });
    });
  }

  const disturbances: Record<string, (instance: TestInstance) => Promise<unknown>> = {
    "its lease cannot be noted on a full disk": (instance) =>
      mkdir(join(instance.root, "var", "lib", "spawn", "claim.new")),
    "the metadata service hangs": async (instance) =>
      instance.metadata.set("spot/instance-action", { status: 404, delayMs: 10_000 }),
  };
  for (const [title, disturb] of Object.entries(disturbances)) {
    it(`continues, and extends its lease, although ${title}`, async () => {
      const { sweep, instance, running, go } = await waiting({}, { SPAWN_HEARTBEAT: "1" });
      if (running.state !== "running") throw new Error(running.state);
      await disturb(instance);
      await instance.until("the lease is extended twice", async () => {
        const item = await sweep.index(0);
        return item.state === "running" && item.leaseUntil > running.leaseUntil + 15;
      });
      await go();
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(await sweep.index(0)).to.include({ state: "done", attempt: 1 });
    });
  }

  it("fails an index for which it cannot create a folder", async () => {
    const sweep = await suite.fixture.sweep("true", 1);
    const instance = await suite.fixture.instance(sweep);
    await instance.wrap("mkdir", 'case "$*" in */run/work*) exit 1 ;; esac');
    instance.boot(first.command, suite.fixture.env);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.include({ state: "failed", exitCode: 1 });
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

  describe("whose items were forged", () => {
    it("takes no text of an item for a part of a request or of a name", async () => {
      const sweep = await suite.fixture.sweep("echo runs", 2);
      const running = itemOf(
        claim(await sweep.index(0), instanceId(9), new Date(1_700_000_000_000), sweep.meta.retries),
      );
      if (running.state !== "running") throw new Error(running.state);
      const forged = 'x"},":me":{"S":"i-forged';
      await sweep.putIndex({ ...running, owner: forged });
      await suite.fixture.put({
        ...indexItem(await sweep.index(1)),
        item: { S: "index#0000001/../../../other" },
      });
      await sweep.putRegion({ ...(await sweep.region()), nextTicket: 1, alive: 2 });
      const instance = await boot(sweep);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(await suite.fixture.get(keyOf(sweep, indexItemKey(0)))).to.include({
        state: "running",
        owner: forged,
      });
      expect(await sweep.index(1)).to.include({ state: "done" });
      expect(instance.stderr).not.to.contain("..");
    });

    it("leaves without a replacement if they are unusable for every worker", async () => {
      const damages: ((sweep: TestSweep) => Promise<unknown>)[] = [
        (sweep) => suite.fixture.put({ ...keyOf(sweep, regionItemKey(PRIMARY)), next_ticket: { N: "0" } }),
        (sweep) =>
          suite.fixture.put({
            ...keyOf(sweep, regionItemKey(PRIMARY)),
            ...{
              next_ticket: { N: "-1e20" },
              start: { N: "0" },
              end: { N: "1" },
              open: { N: "1" },
              alive: { N: "1" },
            },
          }),
        (sweep) => suite.fixture.remove(keyOf(sweep, regionItemKey(PRIMARY))),
        (sweep) =>
          suite.fixture.put({
            ...metaItem(sweep.meta),
            retries_error: { N: "1.5" },
            expires_epoch: { N: "4102444800" },
          }),
        (sweep) => suite.fixture.remove(keyOf(sweep, "meta")),
      ];
      for (const [number, damage] of damages.entries()) {
        const sweep = await suite.fixture.sweep("echo never", 1);
        await damage(sweep);
        const instance = await boot(sweep);
        expect(await instance.exit(), instance.stderr).to.equal(0);
        expect(instance.ended, `${number}: ${instance.stderr}`).to.deep.equal([`${instance.id} true`]);
        expect(isShutDown(instance), `${number}`).to.equal(false);
      }
    });
  });

  it("leaves without a replacement if it has no permissions on the table", async () => {
    const rules = await startRuleServer(suite.fixture.cloud.cloud.endpoint);
    rules.rule = () => ({ status: 400, code: "AccessDeniedException" });
    try {
      const sweep = await suite.fixture.sweep("echo never", 1);
      const env = { AWS_ENDPOINT_URL_DYNAMODB: rules.endpoint, SPAWN_PATIENCE: "2", AWS_MAX_ATTEMPTS: "1" };
      const instance = await boot(sweep, env);
      expect(await instance.exit(), instance.stderr).to.equal(0);
      expect(instance.ended, instance.stderr).to.deep.equal([`${instance.id} true`]);
      expect(isShutDown(instance)).to.equal(false);
    } finally {
      await rules.stop();
    }
  });

  it("finds an index that is open again without a ticket for each one that was cancelled", async () => {
    const sweep = await suite.fixture.sweep("true", 30);
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
    const rules: RuleServer = await startRuleServer(suite.fixture.cloud.cloud.endpoint);
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

  it("waits for the metadata service, and shuts down if Auto Scaling does not end it", async () => {
    const sweep = await suite.fixture.sweep("true", 1);
    const instance = await suite.fixture.instance(sweep);
    instance.metadata.delete("instance-id");
    instance.refusal = "ValidationError";
    instance.boot(first.command, suite.fixture.env);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    instance.metadata.set("instance-id", instance.id);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(await sweep.index(0)).to.include({ state: "done" });
    expect(isShutDown(instance)).to.equal(true);

    // It does not leave a second time after a reboot.
    instance.refusal = undefined;
    instance.boot(first.command, suite.fixture.env);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    expect(instance.ended).to.deep.equal([`${instance.id} true`]);
    expect(await sweep.region()).to.include({ alive: 0 });
  });
});
