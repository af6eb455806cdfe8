import { expect } from "chai";
import {
  PRIMARY,
  SECOND,
  StagedWorld,
  THIRD,
  TimeTables,
  type StagedWorld as World,
} from "./staged-world.ts";

describe("the time gate", function () {
  this.timeout(60_000);
  let tables: TimeTables;
  before(async () => {
    tables = await TimeTables.start();
  });
  after(() => tables.stop());
  it("smoke", async () => {
    const world: World = await StagedWorld.make(
      tables,
      "2026-03-01T10:00:00Z",
      { fate: () => ({ afterMs: 60_000, end: "COMPLETED" }), lifecycleLagMs: 0, lateReplica: "above" },
      1000,
    );
    try {
      await world.upload([PRIMARY, SECOND, THIRD], 2);
      console.log(world.now(), await world.presence(), JSON.stringify(await tables.read("usage", world.id)));
      world.clock.move(5 * 86400_000);
      console.log(world.now(), await world.presence(), world.charges());
      expect(1).to.equal(1);
    } finally {
      await world.end();
    }
  });
});
