import { expect } from "chai";
import type { RegionPresence, RegionState } from "../../../../cli/services/entry/presence.ts";
import { repairWith } from "../../../../cli/services/entry/repair.ts";
import { parseRegionList } from "../../../../staging/regions.ts";
import { testRecord } from "../../records.ts";
import { freshRecord } from "../machine.ts";

const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"] as const;
const RECORD = freshRecord({ regions: parseRegionList(REGIONS.join(",")) });

const presenceOf = (states: readonly RegionState[]): RegionPresence[] =>
  REGIONS.map((region, at) => {
    const state = states[at] ?? "whole";
    return {
      region,
      bucket: "b",
      holdsSome: true,
      state,
      ...(state === "whole" ? {} : { why: `is ${state}` }),
    };
  });

/** A repair of regions in these states; `after`: the states after the copies. */
async function repair(states: RegionState[], after: RegionState[] = [], record = RECORD) {
  const log: string[] = [];
  let found = states;
  const work = repairWith(
    {
      compare: async () => {
        log.push("compare");
        return presenceOf(found);
      },
      copy: async (from, to) => {
        found = after;
        log.push(`${from} → ${to}`);
      },
      updateStack: async () => {
        log.push("update");
        return ["the usage row"];
      },
    },
    record,
    "dev",
    (message) => log.push(message),
  );
  const result = await work.then(
    ({ regions, parts }) => ({ regions, parts }),
    (error: Error) => error,
  );
  return { log, result };
}

describe("a repair", () => {
  it("only updates the stack if every region is whole", async () => {
    expect(await repair([])).to.deep.equal({
      log: ["compare", "update"],
      result: { regions: [], parts: ["the usage row"] },
    });
  });

  it("copies from the first whole region, verifies all regions again, and then updates the stack", async () => {
    const { log, result } = await repair(["missing", "whole", "different"]);
    expect(log).to.deep.equal([
      "compare",
      "us-east-1 is repaired from us-west-2: is missing",
      "us-west-2 → us-east-1",
      "eu-west-1 is repaired from us-west-2: is different",
      "us-west-2 → eu-west-1",
      ...["compare", "update"],
    ]);
    expect(result).to.have.deep.property("regions", [
      { region: "us-east-1", from: "us-west-2" },
      { region: "eu-west-1", from: "us-west-2" },
    ]);
  });

  for (const [what, states, after, message] of [
    [
      "copies nothing from a damaged region",
      ["missing", "different", "missing"],
      [],
      /missing in us-east-1, diff/,
    ],
    ["fails for a region that does not respond", ["whole", "unreachable"], [], /not reachable in us-west-2/],
    [
      "repairs the other regions of one that does not respond",
      ["whole", "unreachable", "missing"],
      ["whole", "unreachable"],
      /not reachable in us-west-2$/,
    ],
    [
      "does not report a repair that is not whole after the copy",
      ["whole", "missing"],
      ["whole", "different"],
      /different in us-west-2/,
    ],
  ] as const) {
    it(`${what}, and leaves the stack alone`, async () => {
      const { log, result } = await repair([...states], [...after]);
      expect(result).to.be.instanceOf(Error).with.property("message").that.matches(message);
      expect(log).to.not.include("update");
      expect(log.some((line) => line.includes("→"))).to.equal(after.length > 0);
    });
  }

  it("leaves the stack of a declared entry to the environment's update", async () => {
    const { log, result } = await repair([], [], { ...RECORD, declaredAs: "grch38" });
    expect(log).to.deep.equal(["compare"]);
    expect(result).to.have.deep.property("parts", []);
  });

  it("is refused for an expired entry before it copies", async () => {
    const { log, result } = await repair(["missing", "whole"], [], testRecord({ regions: RECORD.regions }));
    expect(result)
      .to.be.instanceOf(Error)
      .with.property("message")
      .that.matches(/has expired/);
    expect(log).to.deep.equal(["compare"]);
  });
});
