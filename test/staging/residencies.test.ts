import { expect } from "chai";
import fc from "fast-check";
import { objectRemoval, ttlClassAt } from "../../staging/classes.ts";
import type { Generation } from "../../staging/ledger.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { residenciesOf } from "../../staging/residencies.ts";
import { expiresAt, MS_PER_DAY, parseTtlDays, removalMidnight, type TtlDays } from "../../staging/ttl.ts";

const at = (text: string) => new Date(`2026-03-${text}Z`);
const WEEK = parseTtlDays(7);
const UPLOADED = at("01T10:30:00");

function life(changes: Partial<Generation> = {}, ttlDays: TtlDays = WEEK): Generation {
  const regions = parseRegionList("us-east-1,us-west-2");
  return {
    ...{
      filename: "f",
      sizeBytes: 1,
      fileCount: 1,
      uploadedAt: UPLOADED,
      closedAt: undefined,
      sweepId: undefined,
    },
    placements: [{ from: UPLOADED, regions, ttlDays }],
    ...changes,
  };
}

const shown = (life: Generation) =>
  residenciesOf(life).map(({ region, from, to, billedUntil }) =>
    [region, ...[from, to, billedUntil].map((date) => date.toISOString().slice(5, 16))].join(" "),
  );

describe("the class of an object", () => {
  const ttls = fc.integer({ min: 1, max: 90 }).map(parseTtlDays);
  const times = fc.integer({ min: 0, max: 100 * MS_PER_DAY }).map((ms) => new Date(UPLOADED.getTime() + ms));
  const uploads = fc
    .integer({ min: 0, max: MS_PER_DAY - 1 })
    .map((ms) => new Date(at("01T00:00:00").getTime() + ms));

  it("ends every object at the entry's midnight, if it was created before the last day", () => {
    fc.assert(
      fc.property(
        ttls,
        uploads,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (ttl, uploaded, part) => {
          const lastDay = removalMidnight(uploaded, ttl).getTime() - MS_PER_DAY;
          const made = new Date(uploaded.getTime() + Math.floor(part * (lastDay - uploaded.getTime())));
          expect(objectRemoval(ttl, uploaded, made)).to.deep.equal(removalMidnight(uploaded, ttl));
        },
      ),
    );
  });

  it("removes no object before its entry expires, nor after the entry's midnight and two days after the object's creation", () => {
    fc.assert(
      fc.property(ttls, times, (ttl, made) => {
        const removal = objectRemoval(ttl, UPLOADED, made);
        expect(removal).to.be.greaterThan(expiresAt(UPLOADED, ttl));
        const latest = Math.max(removalMidnight(UPLOADED, ttl).getTime(), made.getTime() + 2 * MS_PER_DAY);
        expect(removal.getTime()).to.be.at.most(latest);
      }),
    );
  });

  it("of a copy of a copy is that of a copy", () => {
    fc.assert(
      fc.property(ttls, fc.tuple(times, times), (ttl, pair) => {
        const [first, second] = pair.sort((a, b) => a.getTime() - b.getTime()) as [Date, Date];
        const copied = ttlClassAt(ttlClassAt(ttl, UPLOADED, first), first, second);
        expect(copied).to.equal(ttlClassAt(ttl, UPLOADED, second));
      }),
    );
  });
});

describe("stays", () => {
  it("are charged for two more days as noncurrent versions after the expiry", () => {
    expect(shown(life())).to.deep.equal([
      "us-east-1 03-01T10:30 03-09T00:00 03-11T00:00",
      "us-west-2 03-01T10:30 03-09T00:00 03-11T00:00",
    ]);
  });

  it("are charged for until their deletion, before the expiry and after it", () => {
    expect(shown(life({ closedAt: at("04T05:00:00") }))[0]).to.equal(
      "us-east-1 03-01T10:30 03-04T05:00 03-04T05:00",
    );
    expect(shown(life({ closedAt: at("09T18:00:00") }))[0]).to.equal(
      "us-east-1 03-01T10:30 03-09T00:00 03-09T18:00",
    );
    expect(shown(life({ closedAt: at("20T00:00:00") }))[0]).to.equal(
      "us-east-1 03-01T10:30 03-09T00:00 03-11T00:00",
    );
  });

  it("end with the region that loses the data", () => {
    const [both, one] = [parseRegionList("us-east-1,us-west-2"), parseRegionList("us-east-1")];
    const placements = [
      { from: UPLOADED, regions: both, ttlDays: WEEK },
      { from: at("03T00:00:00"), regions: one, ttlDays: WEEK },
    ];
    expect(shown(life({ placements }))[0]).to.equal("us-west-2 03-01T10:30 03-03T00:00 03-03T00:00");
  });

  it("of a region that was added go with the entry", () => {
    const arrivals = new Map([["us-west-2", at("06T23:00:00")]]);
    expect(shown(life({ arrivals }))[1]).to.equal("us-west-2 03-06T23:00 03-09T00:00 03-11T00:00");
  });

  it("last a midnight longer if an object was created on the last day", () => {
    const youngest = new Map([["us-west-2", at("08T01:00:00")]]);
    const arrivals = new Map([["us-west-2", at("08T01:00:05")]]);
    expect(shown(life({ youngest, arrivals }))).to.deep.equal([
      "us-east-1 03-01T10:30 03-09T00:00 03-11T00:00",
      "us-west-2 03-08T01:00 03-10T00:00 03-12T00:00",
    ]);
  });

  it("of a copy that came after the end are charged for as long as its class has it", () => {
    const arrivals = new Map([["us-west-2", at("09T04:00:00")]]);
    expect(shown(life({ arrivals }))[1]).to.equal("us-west-2 03-09T04:00 03-11T00:00 03-13T00:00");
    expect(shown(life({ arrivals, closedAt: at("09T05:00:00") }))[1]).to.equal(
      "us-west-2 03-09T04:00 03-09T05:00 03-09T05:00",
    );
    expect(shown(life({ arrivals, closedAt: at("09T03:00:00") }))).to.have.length(1);
  });

  it("has no end after a failed replication, until a user deletes the data", () => {
    const held = new Map([["us-east-1", at("01T11:00:00")]]);
    const [primary, replica] = residenciesOf(life({ held }));
    expect(primary?.to.getTime()).to.be.greaterThan(at("31T00:00:00").getTime() + 3650 * MS_PER_DAY);
    expect(primary?.billedUntil).to.deep.equal(primary?.to);
    expect(replica?.to).to.deep.equal(removalMidnight(UPLOADED, WEEK));
    const closedAt = at("20T08:00:00");
    expect(shown(life({ held, closedAt }))[0]).to.contain("03-20T08:00 03-20T08:00");
  });
});
