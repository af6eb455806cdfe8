import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findOnPath } from "../../local/command.ts";
import { cancel, claim, complete, fail } from "../../staging/sweep/index-state.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import { encodeParamSet } from "../../staging/sweep/param-set.ts";
import { rowJson } from "../../staging/sweep/rows.ts";
import { bucketOf, PRIMARY } from "../provider/cloud-fixture.ts";
import { endOf, first, holderOf, itemOf, workerSuite } from "./worker-suite.ts";

describe("The command of a sweep", function () {
  this.timeout(600_000);
  const { suite, waiting, isRunning, boot } = workerSuite();

  it("gives hostile values to the command as data, each once, and nothing of its own environment", async () => {
    const row: Parameter[] = [
      ["quotes", `'"; touch HACKED; $(touch HACKED) \`touch HACKED\` \\ %s`],
      ["lines", "one\ntwo\n\n"],
      ["empty", ""],
      ["large", "é".repeat(2048)],
      ["RESULTS_DIR", "/etc"],
      ["work", "a variable of the worker"],
    ];
    const sweep = await suite.fixture.sweep(
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
    const { bytes } = await suite.fixture.cloud.object(PRIMARY, "the results/0/it's here");
    expect(bytes.toString()).to.equal(`${rowJson(row)}\n`);
  });

  it("retries a failed command, and keeps the end of its output", async () => {
    const sweep = await suite.fixture.sweep(
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

    const other = await suite.fixture.sweep("echo out; exit 9", 1);
    const last = await boot(other);
    expect(await last.exit(), last.stderr).to.equal(0);
    expect(await other.index(0)).to.include({
      ...{ state: "failed", exitCode: 9, errors: 1 },
      error: "the command failed with exit code 9. The last lines of its output:\nout",
    });
    expect(await other.region()).to.include({ open: 0, failed: 1, alive: 0 });
  });

  it("ends a command after its time, with all that it started", async () => {
    const file = join(suite.fixture.cloud.folder, "pid");
    const command = `trap '' TERM; sh -c 'trap "" TERM; echo $$ >"${file}"; sleep 600; :' & wait; sleep 600`;
    const sweep = await suite.fixture.sweep(command, 1, { timeoutSeconds: 5 });
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const { state, error, exitCode } = await sweep.index(0);
    expect({ state, exitCode }).to.deep.equal({ state: "failed", exitCode: undefined });
    expect(error).to.match(/^timed out after 5 seconds/);
    const pid = (await readFile(file, "utf8")).trim();
    // No process may reap it.
    const left = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    expect(left).to.match(/^$|\) Z /);
  });

  it("ends what left the command's process group, when the command has ended", async () => {
    const file = join(suite.fixture.cloud.folder, "stray pid");
    const sweep = await suite.fixture.sweep(
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

  it("copies the targets of links in RESULTS_DIR, without cyclic links", async () => {
    const results = `s3://${bucketOf(PRIMARY)}/linked/`;
    const sweep = await suite.fixture.sweep(
      `echo made >out; ln -s "$PWD/out" "$RESULTS_DIR/link"; [ "$SWEEP_INDEX" = 0 ] || ln -s . "$RESULTS_DIR/circle"`,
      2,
      { results },
    );
    const instance = await boot(sweep);
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const { bytes } = await suite.fixture.cloud.object(PRIMARY, "linked/0/link");
    expect(bytes.toString()).to.equal("made\n");
    expect(await sweep.index(0)).to.include({ state: "done" });
    expect(await sweep.index(1)).to.include({ state: "failed" });
    expect(await sweep.log(1, 1)).to.match(/loop/i);
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

  it("keeps the beginning and the end of a long log", async () => {
    const sweep = await suite.fixture.sweep(
      "i=10000; while [ $i -lt 14000 ]; do echo $i; i=$((i + 1)); done",
      1,
    );
    const instance = await boot(sweep, { SPAWN_LOG_PIECE: "600" });
    expect(await instance.exit(), instance.stderr).to.equal(0);
    const log = await sweep.log(0, 1);
    expect(log.length).to.be.within(9_000, 10_500);
    expect(log)
      .to.contain("\n10000\n")
      .and.to.contain("\n13999\n")
      .and.to.match(/\d+ bytes are left out here/);
  });

  it("ends a command at the deadline, claims no other index, and leaves", async () => {
    const sweep = await suite.fixture.sweep("echo started; sleep 600", 2);
    const instance = await suite.fixture.instance(sweep);
    const late = join(instance.root, "late");
    const [date] = findOnPath("date");
    // A clock that the test controls.
    const clock = `#!/bin/sh\ncase $*-$(ls '${late}' 2>/dev/null) in *%Y%m%d*-?*) echo 29990101000000 ;; *) exec ${date} "$@" ;; esac\n`;
    await writeFile(join(instance.root, "bin", "date"), clock, { mode: 0o755 });
    instance.boot(first.command, suite.fixture.env);
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
    expect(await sweep.index(1)).to.include({ state: "pending", attempt: 0 });
    expect(instance.ended).to.deep.equal([`${instance.id} true`]);
  });
});
