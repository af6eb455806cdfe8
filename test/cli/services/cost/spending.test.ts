import { expect } from "chai";
import { CostReporter } from "../../../../cli/services/cost/reporter.ts";
import { spendingOf } from "../../../../cli/services/cost/spending.ts";
import { parseLedgerRow } from "../../../../staging/ledger.ts";
import { parsePeriod } from "../../../../staging/period.ts";
import { GUIDE_PRICES } from "../../../../staging/price-book.ts";
import { parseRegionList } from "../../../../staging/regions.ts";
import { parseTtlDays } from "../../../../staging/ttl.ts";
import { ledgerItem, NOW } from "../../ledger.ts";
import { testRecord } from "../../records.ts";

const UPLOADED = "2026-11-18T03:30:11Z";
/** A region was added after two days and another was removed. */
const HISTORY = [
  { from: UPLOADED, regions: ["us-east-1", "us-west-2"], ttl_days: 7 },
  { from: "2026-11-20T09:15:00Z", regions: ["us-east-1", "us-west-2", "eu-west-1"], ttl_days: 7 },
  { from: "2026-11-22T10:00:00Z", regions: ["us-east-1", "eu-west-1"], ttl_days: 30 },
];
const record = testRecord({
  regions: parseRegionList("us-east-1,eu-west-1"),
  uploadedAt: new Date(UPLOADED),
  ttl: parseTtlDays(30),
});
const row = (changes: Record<string, unknown> = {}) =>
  parseLedgerRow(
    ledgerItem("abc123def456", {
      uploaded_at: UPLOADED,
      regions: ["us-east-1", "eu-west-1"],
      ttl_days: 30,
      history: HISTORY,
      "instances_in_us-west-2": 3,
      "instances_in_us-east-1": 5,
      ...changes,
    }),
  );

/** The report of `stage cost --staging-id` from before the upload. */
function costOf(ledgerRow: ReturnType<typeof row>, now = NOW) {
  const reporter = new CostReporter(parsePeriod("2026-01-01", undefined, now), GUIDE_PRICES, now);
  reporter.add(ledgerRow);
  return reporter.report();
}

describe("an entry's cost so far", () => {
  it("equals stage cost to the micro-dollar after changes of its regions", () => {
    const spending = spendingOf(record, row(), NOW);
    const { replication, storage, total, compared } = costOf(row());
    expect(spending).to.deep.equal({
      replication,
      storageToDate: storage,
      total,
      compared,
      remoteInstances: 3,
    });
    // Two replications, one of them to a region that was removed later.
    expect(replication).to.equal(4_000_000);
    // 6.354 days in us-east-1, 4.271 in us-west-2, 4.115 in eu-west-1, at $0.0767 a day each.
    expect(storage / 1e6).to.be.closeTo(14.7396 * (2.3 / 30), 1e-4);
  });

  it("equals it for a restaged and an expired entry", () => {
    const before = { ...ledgerItem("abc123def456"), closed_at: "2026-11-12T12:00:00Z" };
    const twice = row({ lives: [before] });
    const late = new Date("2027-03-01T00:00:00Z");
    for (const now of [NOW, late]) {
      const { total, compared } = costOf(twice, now);
      expect(spendingOf(record, twice, now)).to.deep.include({ total, compared });
    }
    expect(spendingOf(record, twice, late).total).to.equal(
      spendingOf(record, twice, new Date("2027-06-01T00:00:00Z")).total,
    );
  });

  it("uses the record if the ledger has lost the upload", () => {
    const lost = parseLedgerRow({ staging_id: record.stagingId, "instances_in_eu-west-1": 2 });
    const spending = spendingOf(record, lost, NOW);
    expect(spending.replication).to.equal(2_000_000);
    expect(spending.compared.direct).to.equal(18_000_000);
  });

  it("is valid if this machine's clock is behind S3's", () => {
    const { replication, storageToDate } = spendingOf(record, row(), new Date("2026-11-18T03:30:10Z"));
    expect({ replication, storageToDate }).to.deep.equal({ replication: 2_000_000, storageToDate: 0 });
  });
});
