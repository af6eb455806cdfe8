import { expect } from "chai";
import { deleteSweep, findDeletableSweep } from "../../../../cli/services/sweep/delete.ts";
import { beginLaunch } from "../../../../cli/services/sweep/launch-journal.ts";
import { writeSettings } from "../../../../cli/services/sweep/settings.ts";
import { specOf } from "../../../../cli/services/sweep/sweep-spec.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { metaItem } from "../../../../staging/sweep/meta-item.ts";
import { regionItem } from "../../../../staging/sweep/region-item.ts";
import { errorOf, failureOf } from "../../../support/failure.ts";
import { EAST, SWEEP, testMeta, testRegion } from "../../sweep-items.ts";
import { Machine } from "../machine.ts";
import { fakeStack, SweepsTable, testLaunch, testRequest } from "./fakes.ts";

const launch = testLaunch(testRequest("count: 3\nregions: [us-west-2]\nbase_command: x"));
const items = [metaItem(testMeta()), regionItem(testRegion(EAST))];
const broken = { ...metaItem(testMeta()), count: { S: "many" } };

describe("The deletion of a sweep", () => {
  const machine = Machine.forEachTest();
  let log: string[];
  let searched: string[];
  beforeEach(() => {
    [log, searched] = [[], []];
  });

  const parts = ({ hasStack = false, remains = 0, resources = [] as object[], failures = {} } = {}) => ({
    hasStack: async () => hasStack,
    openStack: async () => fakeStack(log, { exists: hasStack, resources: resources as [] }, failures),
    cancel: async () => {
      log.push("cancel");
      return 3;
    },
    findRemains: async (_: unknown, __: unknown, regions: Iterable<string>) => {
      searched = [...new Set(regions)];
      return Array.from({ length: remains }, () => ({
        ...({ kind: "role", name: "spawn-role" } as const),
        remove: async () => void log.push("remove role"),
      }));
    },
  });
  const context = (sweeps: SweepsTable) => machine.context({ dynamo: sweeps.dynamo });
  const run = async (sweeps: SweepsTable, used: ReturnType<typeof parts>): Promise<void> => {
    const found = await findDeletableSweep(context(sweeps), SWEEP, used);
    await deleteSweep(context(sweeps), found, {}, used);
  };
  const isListed = (sweeps: SweepsTable) => sweeps.items.some(({ kind }) => kind !== undefined);

  it("destroys the stack, cancels, deletes the remains, and unlists the sweep only then", async () => {
    await writeSettings({ spec: specOf(launch, SWEEP, undefined), environment: launch.settings });
    const sweeps = new SweepsTable(...items);
    await run(sweeps, parts({ hasStack: true, remains: 1 }));
    expect(log).to.deep.equal([
      "recover to destroy",
      "destroy",
      "cancel",
      "remove role",
      "removeDamagedFiles",
    ]);
    expect(isListed(sweeps)).to.equal(false);
    expect(sweeps.items).to.have.length(2);
    expect(await machine.files("stacks")).to.not.include(`Pulumi.dev.${SWEEP}.yaml`);
    // Remains are searched for in the regions of the environment, the items and the settings.
    expect(searched).to.include.members(["eu-west-1", "us-east-1", "us-west-2"]);
  });

  it("that is interrupted anywhere leaves the sweep listed, and the same command completes it", async () => {
    for (const step of ["recover", "destroy", "removeDamagedFiles"]) {
      const sweeps = new SweepsTable(...items);
      const failures = { [step]: new Error("killed") };
      await errorOf(run(sweeps, parts({ hasStack: true, failures })));
      if (step !== "removeDamagedFiles") expect(isListed(sweeps), step).to.equal(true);
      await run(sweeps, parts({ hasStack: true }));
      expect(isListed(sweeps), step).to.equal(false);
    }
  });

  it("needs only one trace: a stack, settings, items or resources in AWS", async () => {
    const nothing = await failureOf(run(new SweepsTable(), parts()));
    expect(nothing).to.be.instanceOf(InputError);
    expect(nothing.message).to.equal(`there is no sweep ${SWEEP} in environment dev`);
    expect(log).to.deep.equal([]);
    await run(new SweepsTable(), parts({ remains: 1 }));
    expect(log.splice(0)).to.deep.equal(["remove role", "removeDamagedFiles"]);
    await run(new SweepsTable(), parts({ hasStack: true }));
    expect(log.splice(0)).to.deep.equal(["recover to destroy", "destroy", "removeDamagedFiles"]);
    // The items cannot be read, and the ID is enough.
    const corrupt = new SweepsTable(broken);
    expect((await findDeletableSweep(context(corrupt), SWEEP, parts())).corrupt?.why).to.contain(
      "The table is",
    );
    await run(corrupt, parts());
    expect(log).to.deep.equal(["removeDamagedFiles"]);
    expect(isListed(corrupt)).to.equal(false);
  });

  it("refuses protected resources before it destroys or cancels anything", async () => {
    const resources = [{ urn: "urn::role", type: "aws:iam/role:Role", protect: true }];
    const error = await failureOf(run(new SweepsTable(...items), parts({ hasStack: true, resources })));
    expect(error.message).to.contain(`${SWEEP} is protected`);
    expect(error.fix).to.contain(`spawn sweep delete ${SWEEP} --yes`);
    expect(log).to.deep.equal(["recover to destroy"]);
  });

  it("waits for a launch that is running: it would create the resources again", async () => {
    await beginLaunch(parseStackName(`dev.${SWEEP}`), "fingerprint");
    const file = `data/stacks/launching/dev.${SWEEP}.json`;
    const journal = JSON.parse(await machine.read(file));
    const { started: _, ...other } = { ...journal, pid: process.ppid };
    await machine.write(file, JSON.stringify(other));
    const error = await failureOf(run(new SweepsTable(), parts({ hasStack: true })));
    expect(error.message).to.equal(`process ${process.ppid} is launching ${SWEEP}`);
    expect(log).to.deep.equal([]);
  });
});
