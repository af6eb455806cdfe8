import { expect } from "chai";
import { renderChanges, renderRegionPlan } from "../../../cli/render/update.ts";
import { textOf } from "../../../cli/screen.ts";
import { parseAccountList } from "../../../staging/accounts.ts";
import { parseDestination } from "../../../staging/destination.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { testRecord } from "../records.ts";

const BEFORE = testRecord();

describe("an update of an entry", () => {
  it("reports an extended or shortened TTL in the guide's words", () => {
    for (const [ttl, line] of [
      [14, "TTL extended to 14 days"],
      [1, "TTL shortened to 1 day"],
    ] as const) {
      expect(renderChanges(BEFORE, { ...BEFORE, ttl: parseTtlDays(ttl) })).to.deep.equal([line]);
    }
  });

  it("has a line for each change", () => {
    const after = {
      ...BEFORE,
      regions: parseRegionList("us-east-1,eu-west-1,eu-west-2"),
      destination: parseDestination("/opt/a\u202eb"),
      sweepId: "sweep-2",
      allowAccounts: parseAccountList("123456789012,210987654321"),
    };
    expect(textOf(renderChanges(BEFORE, after)).split("\n")).to.deep.equal([
      "Regions added: eu-west-1, eu-west-2",
      "Regions removed: us-west-2",
      "Destination changed to /opt/a\\u202eb",
      "Sweep ID changed to sweep-2",
      "Shared with: 123456789012, 210987654321 (stage info prints their command)",
    ]);
    expect(renderChanges(after, { ...after, sweepId: undefined, allowAccounts: [] })).to.deep.equal([
      "Removed from sweep sweep-2",
      "No longer shared",
    ]);
    expect(renderChanges(BEFORE, BEFORE)).to.deep.equal([]);
  });

  it("shows the cost of added regions, and the loss of removed ones, before the update", () => {
    const after = { ...BEFORE, regions: parseRegionList("us-east-1,eu-west-1,eu-west-2") };
    expect(renderRegionPlan(BEFORE, after)).to.deep.equal([
      "Adding eu-west-1, eu-west-2: replication $4.00, storage $0.153/day",
      "⚠️  This will delete the data of stage-abc123def456 in us-west-2.",
    ]);
    expect(renderRegionPlan(BEFORE, { ...BEFORE, ttl: parseTtlDays(9) })).to.deep.equal([]);
  });
});
