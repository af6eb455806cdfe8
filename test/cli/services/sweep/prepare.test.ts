import { expect } from "chai";
import { beginDeletion } from "../../../../cli/services/entry/upload/unfinished.ts";
import { launchPlanJson } from "../../../../cli/services/sweep/launch-json.ts";
import { datasetOf, ownEntries, requireWhole } from "../../../../cli/services/sweep/own-entries.ts";
import { prepareLaunch } from "../../../../cli/services/sweep/prepare.ts";
import { InputError } from "../../../../staging/errors.ts";
import type { Region } from "../../../../staging/regions.ts";
import { serverClock } from "../../../../staging/server-clock.ts";
import { parseStackName } from "../../../../staging/stack-name.ts";
import { awsError, failureOf } from "../../../support/failure.ts";
import { testRecord } from "../../records.ts";
import { EAST } from "../../sweep-items.ts";
import { Machine, type World } from "../machine.ts";
import { SweepsTable, testRequest } from "./fakes.ts";

const FILE = "count: 3\nregions: [us-east-1, us-west-2]\nbase_command: x";
const record = testRecord({ uploadedAt: new Date(Math.floor(Date.now() / 1000) * 1000) });
const ID = record.stagingId;
const sweeps = new SweepsTable();

describe("The preparation of a launch", () => {
  const machine = Machine.forEachTest();
  beforeEach(() => serverClock.note(new Date().toUTCString(), serverClock.steady()));

  const prepare = (text: string, world: World = {}, more = {}) =>
    prepareLaunch(machine.context({ dynamo: sweeps.dynamo, ...world }), testRequest(text, more));

  it("plans a sweep, for programs in dollars, and writes nothing", async () => {
    const launch = await prepare(FILE);
    expect(launch.advice).to.deep.equal({ warnings: [], notes: [] });
    const plan = launchPlanJson(launch);
    expect(plan).to.deep.include({
      count: 3,
      columns: [],
      datasets: [],
      workers: 3,
      spot: false,
      spot_hour: null,
    });
    expect(plan.regions).to.deep.equal([
      { region: "us-east-1", start: 0, end: 2, workers: 2, worker_hour: { least: 0.192, most: 0.192 } },
      { region: "us-west-2", start: 2, end: 3, workers: 1, worker_hour: { least: 0.192, most: 0.192 } },
    ]);
    expect(plan.hour).to.deep.equal({ least: 0.576, most: 0.576 });
    expect(plan).to.include({ deadline_seconds: 86_400, max_cost: 13.824 });
    expect(await machine.log()).to.deep.equal([]);
  });

  it("ignores options for the data of another account, and says so", async () => {
    const stageBuckets = new Map([[EAST, ["alias"]]]);
    const { advice } = await prepare(FILE, {}, { stageBuckets });
    expect(advice.notes).to.have.length(1);
  });

  it("refuses a region without a bucket, and an environment that is not up", async () => {
    const missing =
      (table: string): World["dynamo"] =>
      (command, input) =>
        command === "DescribeTable" && input.TableName === table
          ? awsError("ResourceNotFoundException")
          : undefined;
    for (const [world, message] of [
      [{ dynamo: missing("records") }, "environment dev is not up yet"],
      [{ dynamo: missing("sweeps") }, "environment dev has no table for sweeps yet"],
    ] as const) {
      const error = await failureOf(prepare(FILE, world));
      expect(error).to.be.instanceOf(InputError);
      expect(error).to.include({ message, fix: "spawn environment up" });
    }
  });

  describe("with staged data", () => {
    const own = (names: readonly string[]) => ownEntries(machine.context({ records: [record] }), names);

    it("finds entries by their IDs, and refuses missing ones and those whose deletion has begun", async () => {
      const [found = record] = await own([ID]);
      expect(datasetOf(found).copies).to.deep.equal([
        { region: "us-east-1", bucket: "spawn-staging-us-east-1" },
        { region: "us-west-2", bucket: "spawn-staging-us-west-2" },
      ]);
      expect(await failureOf(own(["stage-000000000001"]))).to.be.instanceOf(InputError);
      const facts = { startedAt: undefined, sizeBytes: undefined, fileCount: undefined };
      await beginDeletion(parseStackName(`dev.${ID}`), facts);
      const error = await failureOf(own([ID]));
      expect(error).to.include({
        message: `the deletion of ${ID} has begun`,
        fix: `spawn stage delete ${ID} --yes`,
      });
    });

    it("refuses an entry that is missing in a region of the sweep, and checks no other region", async () => {
      const check = (regions: readonly Region[]) => requireWhole(machine.context(), [record], regions);
      const error = await failureOf(check([EAST]));
      expect(`${error.message} ${error.why}`).to.contain("us-east-1").and.not.contain("us-west-2");
      await check([]);
    });
  });
});
