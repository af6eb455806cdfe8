import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parseAccountId } from "../../staging/accounts.ts";
import { claim, fail } from "../../staging/sweep/index-state.ts";
import { bucketOf, PRIMARY } from "../provider/cloud-fixture.ts";
import { startRuleServer } from "../support/rule-server.ts";
import { stageTree } from "../support/staged.ts";
import { datasetOf } from "./sweep-fixture.ts";
import { endOf, first, holderOf, itemOf, workerSuite } from "./worker-suite.ts";

describe("The worker of a sweep with data", function () {
  this.timeout(600_000);
  const { suite, isRunning, boot } = workerSuite();

  it("stages two datasets once each boot, and counts an instance once", async () => {
    const client = suite.fixture.cloud.s3.of(PRIMARY);
    const tree = await stageTree(client, bucketOf(PRIMARY), [{ path: "sub/a b", text: "in a tree" }]);
    const file = await stageTree(client, bucketOf(PRIMARY), [{ path: "one.txt", text: "a file" }], [], {
      kind: "file",
      filename: "one.txt",
    });
    const shared = await stageTree(client, bucketOf(PRIMARY), [{ path: "x", text: "of another account" }]);
    for (const { stagingId } of [tree, shared]) await suite.fixture.openUsage(stagingId);
    const go = join(suite.fixture.cloud.folder, "two datasets");
    const sweep = await suite.fixture.sweep(
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

    instance.boot(first.command, suite.fixture.env);
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
    expect(await suite.fixture.usage(tree.stagingId)).to.deep.equal({
      staging_id: tree.stagingId,
      instance_count: 1,
      download_count: 1,
      [`instances_in_${PRIMARY}`]: 1,
    });
    // A row that the provider has not created is not created; another account's row is not changed.
    expect(await suite.fixture.usage(file.stagingId)).to.deep.equal({});
    expect(await suite.fixture.usage(shared.stagingId)).to.deep.equal({ staging_id: shared.stagingId });
    expect(await sweep.marker(instance.id, tree.stagingId)).to.include({ expires_epoch: 4_102_444_800 });
  });

  describe("whose data cannot be had", () => {
    const staged = () =>
      stageTree(suite.fixture.cloud.s3.of(PRIMARY), bucketOf(PRIMARY), [{ path: "a", text: "staged" }]);
    const run = async (entry: Awaited<ReturnType<typeof staged>>, env: NodeJS.ProcessEnv) => {
      const retries = { interrupted: 3, error: 5 };
      const sweep = await suite.fixture.sweep("echo never", 3, {
        datasets: [datasetOf(entry, "/data")],
        retries,
      });
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

    it("fails the index and all remaining ones of the region after a second checksum mismatch", async () => {
      const entry = await staged();
      await entry.put("a", "other!");
      expect(await run(entry, {}))
        .to.contain("SHA256 checksum mismatch\nWhy: ")
        .and.to.contain(`Fix: spawn stage repair ${entry.stagingId}`);
    });

    it("fails the index for a 403, and leaves others to other workers", async () => {
      const entry = await staged();
      const rules = await startRuleServer(suite.fixture.cloud.cloud.endpoint);
      rules.rule = (_, path) =>
        path.includes(entry.stagingId) ? { status: 403, code: "AccessDenied" } : undefined;
      const env = { AWS_ENDPOINT_URL_S3: rules.endpoint };
      try {
        expect(await run(entry, env))
          .to.contain("download failed: 403 Forbidden\nWhy: ")
          .and.to.contain("--iam-policy s3:GetObject");

        const sweep = await suite.fixture.sweep("echo never", 2, {
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
      const sweep = await suite.fixture.sweep("echo never", 1, { datasets: [datasetOf(entry, "/data")] });
      const instance = await suite.fixture.instance(sweep);
      const df = "#!/bin/sh\necho header; echo 'disk 100 100 0 100% /'\n";
      await writeFile(join(instance.root, "bin", "df"), df, { mode: 0o755 });
      const rules = await startRuleServer(suite.fixture.cloud.cloud.endpoint);
      rules.rule = (_, path) => (path.endsWith("/data/a") ? "silence" : undefined);
      instance.boot(first.command, { ...suite.fixture.env, AWS_ENDPOINT_URL_S3: rules.endpoint });
      expect(await instance.exit(), instance.stderr).to.equal(0);
      await rules.stop();
      expect((await sweep.index(0)).error)
        .to.contain("the disk is full\nWhy: ")
        .and.to.contain("larger volume");
    });
  });
});
