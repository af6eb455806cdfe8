import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { findEarlier, fingerprintOf } from "../../../../cli/services/sweep/launch-journal.ts";
import { datasetOf } from "../../../../cli/services/sweep/own-entries.ts";
import { resumeLaunch } from "../../../../cli/services/sweep/resume.ts";
import { hasSettings, readSettings, writeSettings } from "../../../../cli/services/sweep/settings.ts";
import { forgetLaunch, startSweep } from "../../../../cli/services/sweep/start.ts";
import { specOf } from "../../../../cli/services/sweep/sweep-spec.ts";
import { InputError, UserError } from "../../../../staging/errors.ts";
import type { StagingRecord } from "../../../../staging/record.ts";
import { SWEEP_RUN } from "../../../../staging/resources/tokens.ts";
import type { SweepId } from "../../../../staging/sweep/id.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { errorOf, failureOf } from "../../../support/failure.ts";
import { testRecord } from "../../records.ts";
import { SWEEP, testMeta } from "../../sweep-items.ts";
import { Machine } from "../machine.ts";
import { fakeStack, SweepsTable, testLaunch, testRequest } from "./fakes.ts";

const FILE = "count: 3\nregions: [us-east-1, us-west-2]\nbase_command: x\nparams_file: rows.csv";
const launch = testLaunch(testRequest(FILE, {}, "a\n1\n2\n3\n"));
const settingsOf = (id: SweepId) => ({ spec: specOf(launch, id, undefined), environment: launch.settings });

describe("The launch of a sweep", () => {
  const machine = Machine.forEachTest();
  let log: string[];
  beforeEach(() => {
    log = [];
  });

  const contextOf = (sweeps: SweepsTable) => machine.context({ dynamo: sweeps.dynamo });
  const start = (failures: Readonly<Record<string, unknown>> = {}, sweeps = new SweepsTable()) =>
    startSweep(contextOf(sweeps), launch, {}, async (_, id) => {
      const stack = fakeStack(log, {}, failures);
      const create = async (): Promise<void> => {
        log.push(`files: ${(await machine.files("stacks")).length}`);
        expect((await readSettings("dev", id))?.spec.rows).to.not.equal(undefined);
        await stack.create();
      };
      return { ...stack, name: `dev.${id}` as typeof stack.name, create };
    });
  const journal = () => findEarlier("dev", fingerprintOf(launch));

  it("writes rows, settings and a journal before it creates the stack; the journal stays until the user has the ID", async () => {
    const id = await start();
    expect(log).to.deep.equal(["files: 3", "create", "up to generation 0"]);
    expect(await machine.read(`data/stacks/${id}.rows.jsonl`)).to.equal('{"a":"1"}\n{"a":"2"}\n{"a":"3"}\n');
    expect((await journal())?.stack).to.equal(`dev.${id}`);
    await forgetLaunch({ environmentName: "dev" }, id);
    expect(await journal()).to.equal(undefined);
  });

  it("leaves nothing if its stack cannot be created", async () => {
    const failure = new UserError("no space");
    expect(await failureOf(start({ create: failure }))).to.equal(failure);
    expect(await machine.files("stacks")).to.deep.equal(["launching"]);
    expect(await journal()).to.equal(undefined);
  });

  it("that fails later keeps everything, and the error names the command that resumes", async () => {
    const error = await failureOf(start({ up: new UserError("no role", { why: "denied", fix: "ask" }) }));
    const { stack = "" } = (await journal()) ?? {};
    const id = stack.slice("dev.".length);
    expect(error).to.include({ message: "no role", why: `denied. The sweep ${id} has not started.` });
    expect(error.fix).to.equal(
      `ask. To resume it: spawn launch --resume ${id}. To delete it: spawn sweep delete ${id} --yes`,
    );
    expect(await machine.files("stacks")).to.include(`Pulumi.${stack}.yaml`);
  });

  it("passes unknown errors on unchanged", async () => {
    const defect = new TypeError("defect");
    expect(await errorOf(start({ up: defect }))).to.equal(defect);
  });

  describe("after an interruption", () => {
    let id: SweepId;
    beforeEach(async () => {
      await failureOf(start({ up: new UserError("killed") }));
      id = (await journal())?.stack.slice("dev.".length) as SweepId;
      log.length = 0;
    });
    const started = () => new SweepsTable(metaItem(testMeta({ sweepId: id })));

    it("starts no second sweep, and names the first", async () => {
      const error = await failureOf(start());
      expect(error.message).to.equal(`an earlier launch of the same sweep was not completed: ${id}`);
      expect(error.fix).to.contain(`spawn launch --resume ${id}`);
      expect(log).to.deep.equal([]);
    });

    it("names a sweep that has started, and then allows a second one", async () => {
      expect((await failureOf(start({}, started()))).message).to.contain(`has started ${id}`);
      expect(await start({}, started())).to.not.equal(id);
    });

    it("can only delete a sweep that has lost its settings, and ignores a deleted one", async () => {
      const listed = new SweepsTable(metaItem(testMeta({ sweepId: id, startedAt: undefined })));
      await rm(join(machine.home, `data/stacks/Pulumi.dev.${id}.yaml`));
      const error = await failureOf(start({}, listed));
      expect(error.fix).to.equal(`To delete it: spawn sweep delete ${id} --yes`);
      expect(await start()).to.not.equal(id);
    });
  });

  describe("resumed", () => {
    const resume = (
      sweeps = new SweepsTable(),
      { exists = true, resources = [] as string[], failures = {}, records = [] as StagingRecord[] } = {},
    ) => {
      const state = { exists, resources: resources.map((type) => ({ urn: type, type })) };
      return resumeLaunch(
        machine.context({ records, dynamo: sweeps.dynamo }),
        SWEEP,
        {},
        {
          openStack: async () => fakeStack(log, state, failures),
          findRemains: async () => [
            { kind: "role", name: "spawn-role", remove: async () => void log.push("remove role") },
          ],
        },
      );
    };

    it("needs the settings of this machine", async () => {
      const error = await failureOf(resume());
      expect(error).to.be.instanceOf(InputError);
      expect(error.message).to.equal(`there is no launch of ${SWEEP} to resume on this machine`);
      expect(log).to.deep.equal([]);
    });

    it("deletes resources that only AWS has before it updates the stack, which it creates if it is lost", async () => {
      await writeSettings(settingsOf(SWEEP));
      await resume(undefined, { exists: false });
      expect(log).to.deep.equal(["recover to up", "remove role", "create", "up to generation 0"]);
      expect(await hasSettings("dev", SWEEP)).to.equal(true);
    });

    it("refuses a launch whose data have expired or were deleted, unless it has started", async () => {
      const expired = testRecord({ uploadedAt: new Date("2024-01-01T00:00:00Z") });
      const datasets = [datasetOf(expired)];
      const spec = { ...settingsOf(SWEEP).spec, datasets };
      await writeSettings({ spec, environment: launch.settings });
      for (const records of [[], [expired]]) {
        await failureOf(resume(undefined, { records }));
        expect(log.splice(0)).to.deep.equal(["recover to up"]);
      }
      await resume(new SweepsTable(metaItem(testMeta())), { resources: [SWEEP_RUN] });
      expect(log).to.deep.equal(["recover to up", "up to generation 0"]);
    });

    it("deletes nothing of a sweep that has started", async () => {
      await writeSettings(settingsOf(SWEEP));
      const group = "aws:autoscaling/group:Group";
      for (const resources of [[SWEEP_RUN], [group, group]]) {
        log.length = 0;
        await resume(new SweepsTable(metaItem(testMeta())), { resources });
        expect(log).to.deep.equal(["recover to up", "up to generation 0"]);
      }
    });

    it("refuses a sweep that has started with an incomplete stack, or was cancelled", async () => {
      await writeSettings(settingsOf(SWEEP));
      const cancelledAt = new Date("2026-11-29T11:00:00Z");
      for (const [changes, message] of [
        [{}, `${SWEEP} has started, and its stack is incomplete`],
        [{ cancelledAt }, `${SWEEP} was cancelled`],
      ] as const) {
        log.length = 0;
        const error = await failureOf(resume(new SweepsTable(metaItem(testMeta(changes)))));
        expect(error.message).to.equal(message);
        expect(error.fix).to.contain(`spawn sweep delete ${SWEEP} --yes`);
        expect(log).to.deep.equal(["recover to up"]);
      }
    });

    it("that fails after the start points to the sweep", async () => {
      await writeSettings(settingsOf(SWEEP));
      const failures = { up: new UserError("connection lost") };
      const sweeps = new SweepsTable(metaItem(testMeta()));
      const error = await failureOf(resume(sweeps, { resources: [SWEEP_RUN], failures }));
      expect(error).to.include({
        why: `The sweep ${SWEEP} has started.`,
        fix: `To see it: spawn sweep info ${SWEEP}`,
      });
    });
  });
});
