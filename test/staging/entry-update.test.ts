import { expect } from "chai";
import fc from "fast-check";
import { parseAccountList } from "../../staging/accounts.ts";
import { parseDestination } from "../../staging/destination.ts";
import { changedState, differences, type EntryChanges, regionChanges } from "../../staging/entry-update.ts";
import { parseRegionList, REGIONS } from "../../staging/regions.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { testRecord } from "../cli/records.ts";
import { refusalOf } from "./refusal.ts";

/** Uploaded on 2024-01-22 10:30:15 for 7 days. */
const RECORD = testRecord();
const TWO_DAYS_LATER = new Date("2024-01-24T10:30:15Z");

const change = (changes: EntryChanges, now = TWO_DAYS_LATER) => changedState(RECORD, changes, now);

describe("a change of an entry", () => {
  it("keeps absent properties unchanged", () => {
    expect(differences(RECORD, change({}))).to.deep.equal([]);
    expect(change({ ttl: parseTtlDays(14) })).to.deep.equal({
      regions: RECORD.regions,
      destination: RECORD.destination,
      ttl: 14,
      sweepId: "sweep-xyz789",
      allowAccounts: [],
    });
  });

  it("reports the properties that differ", () => {
    const after = change({
      regions: parseRegionList("us-east-1"),
      destination: parseDestination("/opt/x"),
      ttl: parseTtlDays(3),
      sweepId: null,
      allowAccounts: parseAccountList("123456789012"),
    });
    const all = ["ttl", "regions", "destination", "sweepId", "allowAccounts"];
    expect(differences(RECORD, after)).to.deep.equal(all);
    expect(after.sweepId).to.equal(undefined);
  });

  it("is empty if only a list's order differs", () => {
    const before = change({ allowAccounts: parseAccountList("123456789012,210987654321") });
    const after = change({ allowAccounts: parseAccountList("210987654321,123456789012") });
    expect(differences(before, after)).to.deep.equal([]);
  });

  it("keeps the primary region first, and the order of those that stay", () => {
    const others = fc.shuffledSubarray(REGIONS.filter((region) => region !== "us-east-1"));
    fc.assert(
      fc.property(others, others, (had, wanted) => {
        const record = testRecord({ regions: parseRegionList(["us-east-1", ...had]) });
        const regions = parseRegionList(["us-east-1", ...wanted]);
        const after = changedState(record, { regions }, TWO_DAYS_LATER);
        expect(after.regions).to.have.members(regions);
        const stays = had.filter((region) => wanted.includes(region));
        expect(after.regions.slice(0, stays.length + 1)).to.deep.equal(["us-east-1", ...stays]);
        const { added, removed } = regionChanges(record, after);
        expect(added).to.have.members(wanted.filter((region) => !had.includes(region)));
        expect(removed).to.have.members(had.filter((region) => !wanted.includes(region)));
      }),
    );
  });

  for (const [wanted, fix] of [
    ["us-west-2,us-east-1", "--regions us-east-1,us-west-2"],
    ["us-west-2,eu-west-1", "--regions us-east-1,us-west-2,eu-west-1"],
  ] as const) {
    it(`is refused where ${wanted} would be the regions`, () => {
      const refusal = refusalOf(() => change({ regions: parseRegionList(wanted) }));
      expect(refusal).to.include({
        message: "us-east-1 is the primary region of stage-abc123def456 and must come first",
        fix,
      });
    });
  }

  it("is refused if the TTL has already ended", () => {
    const at = new Date("2024-01-25T10:30:15Z");
    const { message, why, fix } = refusalOf(() => change({ ttl: parseTtlDays(3) }, at));
    expect(message).to.equal("a TTL of 3 days has already ended for stage-abc123def456");
    expect(why).to.contain("from the upload at 2024-01-22T10:30:15Z");
    expect(fix).to.contain("--ttl 4 or more");
    expect(change({ ttl: parseTtlDays(4) }, at).ttl).to.equal(4);
    expect(change({ ttl: parseTtlDays(3) }, new Date(at.getTime() - 1)).ttl).to.equal(3);
  });

  it("is refused for an expired entry", () => {
    const expired = new Date("2024-01-29T10:30:15Z");
    for (const changes of [{ ttl: parseTtlDays(90) }, { destination: parseDestination("/x") }]) {
      const { message, why } = refusalOf(() => change(changes, expired));
      expect(message).to.equal("stage-abc123def456 has expired and cannot be changed");
      expect(why).to.contain("2024-01-29T10:30:15Z");
    }
  });
});
