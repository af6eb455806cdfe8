import { expect } from "chai";
import fc from "fast-check";
import { CostReporter } from "../../../../cli/services/cost/reporter.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseLedgerRow } from "../../../../staging/ledger.ts";
import { addMoney, dollars, type MicroDollars, ZERO } from "../../../../staging/money.ts";
import { parsePeriod } from "../../../../staging/period.ts";
import { priceBook } from "../../../../staging/price-books.ts";
import { GIB } from "../../../../staging/units.ts";
import { ledgerItem, NOW, reportOf } from "../../ledger.ts";

const DELETED = { closed_at: "2026-11-17T12:00:00Z" };

describe("the cost of ledger rows", () => {
  it("equals the guide's for 100 GB in two regions for seven days, deleted since", () => {
    const report = reportOf([ledgerItem("a", DELETED)]);
    expect(report).to.include({ operations: 1, stagedBytes: 100 * GIB, replication: dollars(2) });
    expect(report.storage / 1e6).to.be.closeTo(1.0733, 0.0001);
    expect(report.entries[0]).to.deep.include({
      regions: ["us-east-1", "us-west-2"],
      endedAt: new Date("2026-11-17T12:00:00Z"),
    });
  });

  it("ends at S3's midnight if the row was never closed", () => {
    const week = reportOf([ledgerItem("a", { closed_at: "2026-11-18T00:00:00Z" })]);
    expect(reportOf([ledgerItem("a")]).storage).to.equal(week.storage);
    expect(reportOf([ledgerItem("a", { ttl_days: 30 })]).entries[0]?.endedAt).to.equal(undefined);
  });

  it("counts the storage within the period, and replications made in it", () => {
    const rows = [ledgerItem("a", DELETED)];
    const [whole, first, rest] = [
      reportOf(rows),
      reportOf(rows, { since: "2026-11-01", until: "2026-11-12" }),
      reportOf(rows, { since: "2026-11-13" }),
    ];
    expect(first.replication).to.equal(dollars(2));
    expect(rest.replication).to.equal(ZERO);
    expect(first.storage + rest.storage).to.be.closeTo(whole.storage, 2);
    expect(reportOf(rows, { since: "2026-11-18" })).to.include({ operations: 0, total: ZERO });
    expect(reportOf(rows, { since: "2026-10-01", until: "2026-10-31" })).to.include({ operations: 0 });
  });

  it("counts each generation for its own sweep", () => {
    const {
      staging_id: _,
      revision: __,
      ...earlier
    } = ledgerItem("a", {
      uploaded_at: "2026-11-01T00:00:00Z",
      closed_at: "2026-11-02T00:00:00Z",
      sweep_id: "sweep-old",
      size_bytes: 10 * GIB,
    });
    const rows = [ledgerItem("a", { ...DELETED, lives: [earlier] })];
    const report = reportOf(rows);
    expect(report).to.include({ operations: 2, stagedBytes: 110 * GIB, replication: dollars(2.2) });
    expect(report.entries[0]).to.include({ operations: 2, sizeBytes: 100 * GIB });
    expect(report.sweeps.map(({ sweepId, entries }) => [sweepId, entries])).to.deep.equal([
      [undefined, 1],
      ["sweep-old", 1],
    ]);
    const old = reportOf(rows, { filter: { sweepId: "sweep-old" } });
    expect(old).to.include({ operations: 1, replication: dollars(0.2) });
    expect(old.sweeps).to.have.length(1);
  });

  it("counts an added region and its replication from the addition", () => {
    const row = ledgerItem("a", {
      ...DELETED,
      history: [
        { from: "2026-11-10T12:00:00Z", regions: ["us-east-1"], ttl_days: 7 },
        { from: "2026-11-12T12:00:00Z", regions: ["us-east-1", "eu-west-1"], ttl_days: 7 },
        { from: "2026-11-13T12:00:00Z", regions: ["us-east-1"], ttl_days: 7 },
      ],
    });
    const report = reportOf([row]);
    expect(report.replication).to.equal(dollars(2));
    expect(report.entries[0]?.regions).to.deep.equal(["us-east-1", "eu-west-1"]);
    const [ireland, virginia] = report.regions;
    expect(ireland).to.include({ region: "eu-west-1", replication: dollars(2), storage: 76_667 });
    expect(virginia).to.include({ region: "us-east-1", replication: ZERO, storage: 536_667 });
    expect(report.days.filter(({ replication }) => replication > 0).map(({ date }) => date)).to.deep.equal([
      "2026-11-12",
    ]);
  });

  it("counts savings for instances outside the primary region", () => {
    const used = { ...DELETED, "instances_in_us-east-1": 23, "instances_in_us-west-2": 24 };
    const report = reportOf([ledgerItem("a", used)]);
    expect(report.compared.direct).to.equal(dollars(216));
    expect(report.compared.saved).to.equal(report.compared.direct - report.total);
    expect(report.entries[0]).to.include({ remoteInstances: 24, direct: dollars(216) });
    // Without a time, they are spread over the seven days.
    const parts = [
      reportOf([ledgerItem("a", used)], { until: "2026-11-11" }),
      reportOf([ledgerItem("a", used)], { since: "2026-11-12" }),
    ].map(({ compared }) => compared.direct);
    expect(parts.map((part) => Math.round(part / 1e6))).to.deep.equal([46, 170]);
    expect(addMoney(...parts)).to.equal(dollars(216));
  });

  it("counts downloads within the second of the upload", () => {
    const row = ledgerItem("a", { uploaded_at: "2026-11-24T11:59:59Z", "instances_in_us-west-2": 1 });
    const reporter = new CostReporter(
      parsePeriod("yesterday", undefined, NOW),
      priceBook("guide"),
      new Date("2026-11-24T11:59:59Z"),
    );
    reporter.add(parseLedgerRow(row));
    expect(reporter.report().compared.direct).to.equal(dollars(9));
  });

  it("ignores rows that only workers have written", () => {
    expect(reportOf([{ staging_id: "stage-000000000000", instance_count: 4 }])).to.include({ operations: 0 });
  });

  it("lists every day of a short period, and a long one from its first cost", () => {
    const rows = [ledgerItem("a")];
    expect(reportOf(rows).days).to.have.length(31);
    expect(reportOf(rows, { since: "2 years ago" }).days[0]?.date).to.equal("2026-11-10");
    expect(reportOf([], { since: "2 years ago" }).days).to.deep.equal([]);
    expect(
      reportOf(rows, { since: "yesterday", until: "yesterday" }).days.map(({ date }) => date),
    ).to.deep.equal(["2026-11-23"]);
  });

  it("uses AWS's prices, and refuses a region that they lack", () => {
    const reporter = new CostReporter(parsePeriod(undefined, undefined, NOW), priceBook("aws"), NOW);
    reporter.add(parseLedgerRow(ledgerItem("a", DELETED)));
    expect(reporter.report()).to.include({ prices: "aws", replication: dollars(2) });
    expect(() => reporter.add(parseLedgerRow(ledgerItem("b", { "instances_in_me-central-1": 1 })))).to.throw(
      InputError,
      "me-central-1",
    );
  });

  it("is exact to the micro-dollar, whatever the entries and the period", () => {
    const regions = ["us-east-1", "us-west-2", "eu-west-1", "ap-south-1"];
    const hour = fc.integer({ min: 0, max: 24 * 54 });
    const time = (hours: number) =>
      `${new Date(Date.UTC(2026, 9, 1) + hours * 3_600_000).toISOString().slice(0, 19)}Z`;
    const item = fc.record({
      size: fc.maxSafeInteger().map((size) => Math.abs(size) % (50 * 1024 ** 4)),
      from: hour,
      change: fc.integer({ min: 1, max: 200 }),
      end: fc.option(fc.integer({ min: 1, max: 400 })),
      ttl: fc.integer({ min: 1, max: 90 }),
      first: fc.shuffledSubarray(regions, { minLength: 1 }),
      second: fc.shuffledSubarray(regions, { minLength: 1 }),
      instances: fc.nat(1000),
      sweep: fc.constantFrom(undefined, "sweep-a", "sweep-b"),
    });
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 6 }),
        hour,
        fc.integer({ min: 1, max: 800 }),
        (items, since, hours) => {
          const rows = items.map(({ size, from, change, end, ttl, first, second, instances, sweep }, at) =>
            ledgerItem(String(at), {
              size_bytes: size,
              uploaded_at: time(from),
              sweep_id: sweep,
              history: [
                { from: time(from), regions: first, ttl_days: ttl },
                {
                  from: time(from + change),
                  regions: [first[0], ...second.filter((region) => region !== first[0])],
                  ttl_days: ttl,
                },
              ],
              ...(end === null ? {} : { closed_at: time(from + end) }),
              "instances_in_us-west-2": instances,
            }),
          );
          const report = reportOf(rows, { since: time(since), until: time(since + hours) });
          const add = (amounts: readonly MicroDollars[]) => addMoney(...amounts);
          for (const kind of ["replication", "storage"] as const) {
            expect(report[kind] >= 0).to.equal(true);
            for (const parts of [report.entries, report.regions, report.sweeps, report.days])
              expect(add(parts.map((part) => part[kind]))).to.equal(report[kind]);
          }
          expect(add(report.entries.map(({ total }) => total))).to.equal(report.total);
          expect(add(report.sweeps.map(({ direct }) => direct))).to.equal(report.compared.direct);
          const totals = report.entries.map(({ total }) => total);
          expect(totals).to.deep.equal(totals.toSorted((a, b) => b - a));
        },
      ),
    );
  });
});
