import { expect } from "chai";
import type { EntrySpec } from "../../staging/entry.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { reuseMismatch } from "../../staging/reuse.ts";
import { MS_PER_DAY } from "../../staging/ttl.ts";
import { testRecord } from "../cli/records.ts";

const UPLOADED = new Date("2026-11-01T00:00:00Z");
const record = testRecord({ uploadedAt: UPLOADED });
const WANTED = {
  source: `/data/${record.filename}`,
  regions: record.regions,
  destination: record.destination,
  ttl: record.ttl,
  sweepId: record.sweepId,
  allowAccounts: record.allowAccounts,
} as unknown as EntrySpec;
const later = (days: number): Date => new Date(UPLOADED.getTime() + days * MS_PER_DAY);

describe("an entry in place of an upload", () => {
  it("fits with the same options, in more regions, and with 90 % of the TTL left", () => {
    expect(reuseMismatch(record, WANTED, UPLOADED)).to.equal(undefined);
    const one = { ...WANTED, regions: [record.regions[0]] } as EntrySpec;
    expect(reuseMismatch(record, one, UPLOADED)).to.equal(undefined);
    expect(reuseMismatch(record, WANTED, later(record.ttl * 0.1))).to.equal(undefined);
  });

  it("does not fit with less of the TTL left", () => {
    expect(reuseMismatch(record, WANTED, later(record.ttl * 0.1 + 0.001))).to.match(
      /^it expires in [\d.]+ days, /,
    );
    expect(reuseMismatch(record, WANTED, later(record.ttl + 1))).to.contain("it expires in 0 days");
  });

  for (const [what, wanted, why] of [
    ["another name", { filename: "other.dat" }, "not other.dat"],
    ["a further region", { regions: [...record.regions, "ap-south-1"] }, "it is not in ap-south-1"],
    ["another destination", { destination: "/opt/x" }, "its destination is"],
    ["another sweep", { sweepId: "sweep-other" }, "sweep"],
    ["other readers", { allowAccounts: ["123456789012"] }, "shared"],
  ] as const) {
    it(`does not fit with ${what}`, () => {
      expect(reuseMismatch(record, { ...WANTED, ...wanted } as unknown as EntrySpec, UPLOADED)).to.contain(
        why,
      );
    });
  }

  it("does not fit if it is shared with more accounts", () => {
    const shared = { ...record, allowAccounts: ["123456789012"] } as unknown as StagingRecord;
    expect(reuseMismatch(shared, WANTED, UPLOADED)).to.equal("it is shared with 123456789012");
  });
});
