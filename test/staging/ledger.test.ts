import { expect } from "chai";
import { UserError } from "../../staging/errors.ts";
import { type LifeFacts, parseLedgerRow, rowWith } from "../../staging/ledger.ts";
import { residenciesOf } from "../../staging/residencies.ts";

const FACTS: LifeFacts = {
  filename: "reference.fasta",
  size_bytes: 107_374_182_400,
  regions: ["us-east-1", "us-west-2"],
  uploaded_at: "2026-03-01T10:30:00Z",
  ttl_days: 7,
  sweep_id: undefined,
};
const at = (text: string) => new Date(`2026-03-${text}Z`);

/** The row after each of these writes, one a day from the 1st on. */
function written(...changes: Partial<LifeFacts>[]): Record<string, unknown> {
  let row: Record<string, unknown> | undefined;
  for (const [day, change] of changes.entries()) {
    row = {
      staging_id: "stage-abc123def456",
      ...row,
      ...rowWith(row, { ...FACTS, ...change }, at(`0${day + 1}T12:00:00`)),
    };
  }
  return row ?? {};
}

const stays = (row: Record<string, unknown>) =>
  parseLedgerRow(row).lives.map((life) =>
    residenciesOf(life).map(({ region, from, to, replicatedFrom }) =>
      [region, from.toISOString().slice(5, 16), to.toISOString().slice(5, 16), replicatedFrom ?? "-"].join(
        " ",
      ),
    ),
  );

describe("the ledger's rows", () => {
  it("has data until S3's midnight after the expiry if the row is open", () => {
    expect(stays(written({}))).to.deep.equal([
      ["us-east-1 03-01T10:30 03-09T00:00 -", "us-west-2 03-01T10:30 03-09T00:00 us-east-1"],
    ]);
  });

  it("has data until its deletion where that came first", () => {
    const closed = { ...written({}), closed_at: "2026-03-04T00:00:00Z" };
    expect(stays(closed)[0]).to.deep.equal([
      "us-east-1 03-01T10:30 03-04T00:00 -",
      "us-west-2 03-01T10:30 03-04T00:00 us-east-1",
    ]);
    expect(stays({ ...closed, closed_at: "2026-03-20T00:00:00Z" })[0]?.[0]).to.contain(" 03-09T00:00 ");
  });

  it("records when a region got the data, also repeatedly", () => {
    const both = { regions: ["us-east-1", "us-west-2"] };
    const row = written({ regions: ["us-east-1"] }, both, { regions: ["us-east-1"] }, both, both);
    expect(stays(row)[0]).to.have.members([
      "us-east-1 03-01T10:30 03-09T00:00 -",
      "us-west-2 03-02T12:00 03-03T12:00 us-east-1",
      "us-west-2 03-04T12:00 03-09T00:00 us-east-1",
    ]);
  });

  it("records the history of the TTL", () => {
    expect(stays(written({}, { ttl_days: 9 }))[0]?.[0]).to.equal("us-east-1 03-01T10:30 03-11T00:00 -");
    // Shortened below the age: ends at the next midnight, not in the past.
    expect(stays(written({}, {}, {}, {}, { ttl_days: 1 }))[0]?.[0]).to.equal(
      "us-east-1 03-01T10:30 03-06T00:00 -",
    );
    // Too late: a longer TTL does not restore expired data.
    expect(
      stays(written({ ttl_days: 1 }, { ttl_days: 1 }, { ttl_days: 1 }, { ttl_days: 30 }))[0]?.[0],
    ).to.contain(" 03-03T00:00 ");
  });

  it("keeps every life", () => {
    const first = { ...written({}), closed_at: "2026-03-02T00:00:00Z" };
    const again = { ...FACTS, uploaded_at: "2026-03-05T10:00:00Z", size_bytes: 5, sweep_id: "sweep-1" };
    const second = rowWith(first, again, at("05T10:00:10"));
    const row = { staging_id: "stage-abc123def456", ...second };
    expect(parseLedgerRow(row).lives.map(({ sizeBytes, sweepId }) => [sizeBytes, sweepId])).to.deep.equal([
      [107_374_182_400, undefined],
      [5, "sweep-1"],
    ]);
    // The same write once more changes nothing.
    expect(rowWith(row, again, at("06T00:00:00"))).to.deep.equal(second);
    // A row that was never closed ended when the entry was uploaded again.
    const { closed_at: _, ...open } = first;
    expect(
      stays({ staging_id: "stage-abc123def456", ...rowWith(open, again, at("05T10:00:10")) })[0]?.[0],
    ).to.contain(" 03-05T10:00 ");
    const third = rowWith(row, { ...FACTS, uploaded_at: "2026-03-07T00:00:00Z" }, at("07T00:00:00"));
    expect(stays({ staging_id: "stage-abc123def456", ...third })).to.have.length(3);
  });

  it("never reverses its history, whatever the clock", () => {
    const row = { ...rowWith(undefined, FACTS, at("01T12:00:00")) };
    const { history } = rowWith(row, { ...FACTS, ttl_days: 8 }, new Date("2026-02-01T00:00:00Z"));
    expect((history as { from: string }[]).map(({ from }) => from)).to.deep.equal([
      FACTS.uploaded_at,
      FACTS.uploaded_at,
    ]);
  });

  it("reads rows of before the history, and rows that only workers have written to", () => {
    const { history: _, ...old } = written({});
    expect(stays(old)).to.deep.equal(stays(written({})));
    const counted = { staging_id: "stage-abc123def456", instance_count: 3 };
    expect(parseLedgerRow(counted)).to.deep.include({ lives: [], stagingId: "stage-abc123def456" });
    expect(
      parseLedgerRow({ ...counted, ...rowWith(counted, FACTS, at("01T12:00:00")) }).lives,
    ).to.have.length(1);
  });

  it("takes lists of other forms for none when it writes", () => {
    const forged = { ...written({}), lives: "abc", history: { 0: "x" } };
    const row = {
      staging_id: "stage-abc123def456",
      ...rowWith(forged, { ...FACTS, ttl_days: 9 }, at("02T00:00:00")),
    };
    expect(parseLedgerRow(row).lives).to.have.length(1);
    const next = rowWith(forged, { ...FACTS, uploaded_at: "2026-03-05T10:00:00Z" }, at("05T10:00:10"));
    expect(next.lives).to.have.length(1);
  });

  it("names the invalid attribute of a row", () => {
    const refuse = (changes: object, attribute: string) =>
      expect(() => parseLedgerRow({ ...written({}), ...changes })).to.throw(
        UserError,
        `the usage row of stage-abc123def456 cannot be read: attribute ${attribute} is missing or malformed`,
      );
    refuse({ size_bytes: -1 }, "size_bytes");
    refuse({ filename: 7 }, "filename");
    refuse({ uploaded_at: "then" }, "uploaded_at");
    refuse({ closed_at: 5 }, "closed_at");
    refuse({ sweep_id: [] }, "sweep_id");
    refuse({ history: [] }, "history");
    refuse({ history: [7] }, "history[0]");
    refuse({ history: [{ from: "2026-03-01T10:30:00Z", regions: [], ttl_days: 1 }] }, "history[0].regions");
    refuse({ lives: 3 }, "lives");
    for (const uploaded_at of [
      "+275760-09-12T00:00:00Z",
      "2026-03-01",
      "3026-03-01T00:00:00Z",
      "1 March 2026",
    ])
      refuse({ uploaded_at }, "uploaded_at");
    for (const size_bytes of [1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, 10n ** 20n, null])
      refuse({ size_bytes }, "size_bytes");
    const placed = { from: FACTS.uploaded_at, regions: ["us-east-1"], ttl_days: 7 };
    for (const ttl_days of [0, 91, 1.5, -1, "7", 2 ** 40])
      refuse({ history: [{ ...placed, ttl_days }] }, "history[0].ttl_days");
    for (const regions of [["us-east-1", "us-east-1"], ["moon-1"], ["__proto__"], "us-east-1"])
      refuse({ history: [{ ...placed, regions }] }, "history[0].regions");
    refuse({ history: [{ ...placed, from: "2026-02-01T00:00:00Z" }] }, "history");
    refuse({ history: [{ ...placed, from: "2026-03-09T00:00:00Z" }, placed] }, "history");
    for (const sweep_id of ["\u001b[2J", "=cmd|x", "../x", "s".repeat(129)]) refuse({ sweep_id }, "sweep_id");
    for (const count of [-1, 0.5, 1e12, "3", null]) {
      refuse({ instance_count: count }, "instance_count");
      refuse({ "instances_in_us-west-2": count }, "instances_in_us-west-2");
    }
    refuse({ instances_in___proto__: 1 }, "instances_in___proto__");
    refuse({ filename: "x".repeat(2_000) }, "filename");
    refuse({ lives: [3] }, "lives[0]");
  });

  describe("arrivals of copies", () => {
    const facts = {
      ...{ filename: "f", size_bytes: 1, uploaded_at: "2026-01-01T00:00:00Z", ttl_days: 10 },
      ...{ regions: ["us-east-1", "us-west-2", "eu-west-1"], sweep_id: undefined },
    };
    const opened = () => ({
      staging_id: "stage-abc123def456",
      ...rowWith(undefined, facts, new Date("2026-01-01T00:00:01Z"), true),
    });
    const regionsOf = (row: Record<string, unknown>, at = 0) => {
      const life = parseLedgerRow(row).lives[at];
      if (life === undefined) throw new Error("no such life");
      return residenciesOf(life).map(({ region, from }) => [region, from.toISOString().slice(0, 10)]);
    };

    it("charges a region from the arrival of its copy, and not at all without one", () => {
      const row = { ...opened(), "arrived_in_us-west-2": "2026-01-03T00:00:00Z" };
      const charged = [
        ["us-east-1", "2026-01-01"],
        ["us-west-2", "2026-01-03"],
      ];
      expect(regionsOf(row)).to.deep.equal(charged);
      expect(regionsOf({ ...row, closed_at: "2026-01-05T00:00:00Z" })).to.deep.equal(charged);
      expect(regionsOf({ ...row, closed_at: "2026-01-02T00:00:00Z" })).to.deep.equal(charged.slice(0, 1));
    });

    it("charges every region of a row that notes no arrivals from the upload", () => {
      const row = { staging_id: "stage-abc123def456", ...rowWith(undefined, facts, new Date("2026-01-01")) };
      expect(regionsOf(row)).to.deep.equal(facts.regions.map((region) => [region, "2026-01-01"]));
    });

    it("keeps the arrivals of a life that is over", () => {
      const row = { ...opened(), "arrived_in_us-west-2": "2026-01-03T00:00:00Z" };
      const next = { ...facts, uploaded_at: "2026-02-01T00:00:00Z" };
      const again = { ...row, ...rowWith(row, next, new Date("2026-02-01T00:00:01Z"), true) };
      const then = { ...again, "arrived_in_eu-west-1": "2026-02-02T00:00:00Z" };
      expect(regionsOf(then, 0).map(([region]) => region)).to.deep.equal(["us-east-1", "us-west-2"]);
      expect(regionsOf(then, 1)).to.deep.equal([
        ["us-east-1", "2026-02-01"],
        ["eu-west-1", "2026-02-02"],
      ]);
    });
  });
});
