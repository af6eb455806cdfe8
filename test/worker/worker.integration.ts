import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findOnPath } from "../../local/command.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import { WorkerFixture } from "./sweep-fixture.ts";

const shells = ["dash", "bash", "busybox"].flatMap((name) => {
  const [program] = findOnPath(name);
  return program === undefined ? [] : [{ name, command: name === "busybox" ? [program, "sh"] : [program] }];
});

describe("The worker of a sweep", function () {
  this.timeout(180_000);
  let fixture: WorkerFixture;
  before(async () => {
    fixture = await WorkerFixture.start();
  });
  afterEach(() => fixture.stopInstances());
  after(() => fixture.stop());

  for (const { name, command: shell } of shells) {
    it(`in ${name}: runs the command for every index with its row, and leaves`, async () => {
      const rows: Parameter[][] = [0, 1].map((index) => [
        ["alpha", `${index}`],
        ["label", "plain"],
      ]);
      const sweep = await fixture.sweep(
        '#!/bin/sh\necho "$SWEEP_INDEX $alpha $label $PARAM_SET"; cat "$PARAM_FILE"',
        2,
        {
          rows,
        },
      );
      const instance = await fixture.instance(sweep);
      instance.boot(shell, fixture.env);
      const code = await instance.exit();
      expect(code, instance.stderr).to.equal(0);
      for (const index of [0, 1]) {
        expect(await sweep.index(index)).to.include({
          state: "done",
          attempt: 1,
          exitCode: 0,
          owner: instance.id,
        });
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
});
