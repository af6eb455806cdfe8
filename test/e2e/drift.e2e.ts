import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Damage } from "./support/drift-damage.ts";
import { DATA, type EntryEdit, MORE_DATA, REMOVED_SETTINGS, SETTINGS } from "./support/drift-edits.ts";
import { bucketOf, DriftWorld, PRIMARY, SECOND, TABLES } from "./support/drift-world.ts";
import { succeed } from "./support/process.ts";

describe("Drift", () => {
  let drift: DriftWorld;
  let damage: Damage;

  before(async () => {
    drift = await DriftWorld.make();
    damage = new Damage(drift.aws);
  });
  after(() => damage?.close());

  for (const { title, rows, repair } of [
    { title: "in the buckets' settings", rows: SETTINGS, repair: () => drift.environment("up") },
    {
      title: "by removing settings",
      rows: REMOVED_SETTINGS,
      repair: () => drift.up("drift"),
    },
  ]) {
    describe(title, () => {
      before(async () => {
        for (const { by } of rows) await by(damage);
      });

      it("appears in a refresh", async () => {
        const { changes } = await drift.refresh("drift");
        for (const { what, shows } of rows) expect(changes, what).to.include.members([...shows]);
        expect(changes).to.deep.equal(rows.flatMap(({ shows }) => shows).sort());
      });

      it("appears in environment status and preview, and blocks uploads", async () => {
        const { code, stdout } = await drift.environment("status");
        expect(code).to.equal(1);
        for (const { what, status } of rows)
          if (status !== undefined) expect(stdout, what).to.contain(status);
        const preview = await succeed(drift.environment("preview"));
        for (const { what, shows } of rows) {
          for (const name of shows.map((shown) => shown.replace(/^\w+ /, "")))
            expect(preview.stdout, what).to.match(new RegExp(`^(create|update) +\\S+ ${name}$`, "m"));
        }
        expect(preview.stdout).to.not.match(/^(refresh|delete|replace)/m);
        const upload = await drift.stage("upload", "./cells.bin", "--regions", PRIMARY);
        expect(upload).to.include({ code: 2, stdout: "" });
        expect(upload.stderr).to.contain("environment drift is not whole");
      });

      it("is repaired", async () => {
        await succeed(repair());
        await drift.isUp();
      });
    });
  }

  /** The rows' expected changes in a refresh of a stack. */
  const shownIn = (rows: readonly EntryEdit[], stack: string): string[] =>
    rows
      .filter(({ of }) => drift[of].stack === stack)
      .flatMap(({ of, shows }) => shows.map((shown) => shown.replace(" ", ` ${drift[of].id}-`)))
      .sort();

  const stacks = (): string[] => [...new Set(drift.entries.map(({ stack }) => stack))];

  /** Repairs each entry by the command that the output names. */
  const repairOwn = async (): Promise<void> => {
    for (const { id } of [drift.cells, drift.reads]) await succeed(drift.stage("repair", id));
  };

  for (const { title, rows, repair } of [
    {
      title: "of entries, in one region",
      rows: DATA,
      repair: async () => {
        await succeed(drift.environment("up"));
        await repairOwn();
      },
    },
    {
      title: "of entries, in the other region",
      rows: MORE_DATA,
      repair: async () => {
        for (const stack of stacks()) await drift.up(stack);
      },
    },
  ]) {
    describe(title, () => {
      before(async () => {
        for (const { of, by } of rows) await by(damage, drift[of]);
      });

      it("appears in a refresh", async () => {
        for (const stack of stacks()) {
          const { changes } = await drift.refresh(stack);
          expect(changes, stack).to.deep.equal(shownIn(rows, stack));
        }
      });

      it("appears in info --verify, which fails", async () => {
        for (const entry of drift.entries) {
          const { code, stderr } = await drift.stage("info", entry.id, "--verify");
          expect(code).to.equal(1);
          for (const { what, of, info } of rows)
            if (drift[of] === entry) expect(stderr, what).to.contain(info);
        }
      });

      it("is confirmed by no other command", async () => {
        const listed = await drift.stage("list", "--verify");
        expect(listed.code).to.equal(1);
        expect(listed.stdout).to.not.match(/ whole$/m);
        for (const { id } of drift.entries) {
          for (const args of [
            ["resume", id],
            ["update", id, "--ttl", "5"],
          ]) {
            const { code, stdout, stderr } = await drift.stage(...args);
            expect({ args, failed: code !== 0, stdout }).to.deep.equal({ args, failed: true, stdout: "" });
            expect(stderr).to.not.match(/is whole|Nothing to change/);
          }
        }
      });

      it("is repaired", async () => {
        await repair();
        await drift.isWhole();
      });
    });
  }

  it("is repaired even if a refresh has already dropped the record", async () => {
    const { id, stack } = drift.reads;
    await damage.deleteItem(TABLES.records, id);
    for (const command of ["info", "update"]) {
      const { code, stderr } = await drift.stage(
        command,
        id,
        ...(command === "update" ? ["--ttl", "5"] : []),
      );
      expect(code).to.equal(2);
      expect(stderr).to.contain(`Fix: spawn stage repair ${id} --environment drift\n`);
    }
    await succeed(drift.world.pulumi(`pulumi refresh -s ${stack} --yes --skip-preview --non-interactive`));
    expect((await succeed(drift.stage("repair", id))).stdout).to.equal("Put right: the record\n");
    await drift.isWhole();
  });

  for (const { title, by, missing, repair } of [
    {
      title: "by deleting every table and the bucket of a region",
      by: async () => {
        await damage.deleteTables();
        await damage.deleteBucket(SECOND, [drift.genome.id, drift.cells.id]);
      },
      missing: [...Object.values(TABLES), bucketOf(SECOND)],
      repair: () => drift.environment("up"),
    },
    {
      title: "by deleting the bucket of the primary region",
      by: () => damage.deleteBucket(PRIMARY, [drift.genome.id, drift.cells.id]),
      missing: [bucketOf(PRIMARY)],
      repair: () => drift.up("drift"),
    },
  ]) {
    describe(title, () => {
      before(() => by());

      it("appears in a refresh and in status", async () => {
        for (const stack of stacks()) {
          const { changes } = await drift.refresh(stack);
          expect(changes, stack).to.not.deep.equal([]);
        }
        const { code, stdout } = await drift.environment("status");
        expect(code).to.equal(1);
        for (const name of missing) expect(stdout).to.match(new RegExp(` ${name} +missing$`, "m"));
      });

      it("is confirmed by no command", async () => {
        const { id } = drift.cells;
        const commands = [
          ["info", id],
          ["list", "--verify"],
          ["resume", id],
          ["update", id, "--ttl", "5"],
          ["upload", "./cells.bin", "--reuse", "--regions", `${PRIMARY},${SECOND}`],
        ];
        for (const args of commands) {
          const { code } = await drift.stage(...args);
          expect({ args, failed: code !== 0 }).to.deep.equal({ args, failed: true });
        }
        await rm(join(drift.world.folder, "out"), { force: true });
        const download = await drift.stage(
          "download",
          id,
          "out",
          "--region",
          missing.includes(bucketOf(PRIMARY)) ? PRIMARY : SECOND,
        );
        expect(download.code).to.not.equal(0);
      });

      it("is repaired, one entry at a time", async () => {
        await succeed(repair());
        const listed = await drift.stage("list", "--verify");
        expect(listed.stdout).to.not.match(new RegExp(`^${drift.cells.id} .* whole$`, "m"));
        await repairOwn();
        await drift.isWhole();
      });
    });
  }
});
