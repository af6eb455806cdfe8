import { expect } from "chai";
import { Rates } from "../../dashboard/rates.ts";
import type { Presence } from "../../dashboard/snapshot.ts";
import { arrivedShare, hasDamage, presenceIn, summariseRegions } from "../../dashboard/summary.ts";
import { axisText, moneyText, niceMaximum, percentText } from "../../dashboard/text.ts";
import { dayText, durationText, expiryOf, shareLeft } from "../../dashboard/time.ts";
import { ABOUT, entry, NOW, transfer } from "./fake-data.ts";

const now = Date.parse(NOW);
const HOUR = 3_600_000;

describe("The dashboard's values", () => {
  it("show a time left in its two largest units", () => {
    expect([0, 12_000, 249_000, 3 * HOUR, 7 * 24 * HOUR - 1].map(durationText)).to.deep.equal([
      ...["0s", "12s", "4m 09s", "3h 00m", "6d 23h"],
    ]);
  });

  it("mark an entry as expiring in its last day, then as expired", () => {
    const at = (hours: number) => ({
      expiresAt: new Date(now + hours * HOUR).toISOString(),
      isDeleting: false,
    });
    expect([25, 24, 1, 0, -1].map((hours) => expiryOf(at(hours), now))).to.deep.equal([
      ...["active", "expiring", "expiring", "expired", "expired"],
    ]);
    expect(expiryOf({ ...at(25), isDeleting: true }, now)).to.equal("deleting");
  });

  it("show the share of the TTL that is left", () => {
    const uploadedAt = new Date(now - HOUR).toISOString();
    const share = (hours: number) =>
      shareLeft({ uploadedAt, expiresAt: new Date(now + hours * HOUR).toISOString() }, now);
    expect([3, 0, -0.5, -1].map(share)).to.deep.equal([0.75, 0, 0, 0]);
  });

  it("never round a share up to 100 %", () => {
    expect([0, 0.456, 0.9999, 1].map(percentText)).to.deep.equal(["0 %", "45 %", "99 %", "100 %"]);
  });

  it("show amounts in cents, and differences of small amounts on an axis", () => {
    expect([0, 0.1 + 0.2, 0.0001, 1234.5].map(moneyText)).to.deep.equal([
      ...["$0.00", "$0.30", "<$0.01", "$1,234.50"],
    ]);
    expect([0, 0.00005, 0.0001, 0.5].map(axisText)).to.deep.equal(["$0.00", "$0.00005", "$0.0001", "$0.50"]);
    expect([0.3, 1, 1.4, 4, 7].map(niceMaximum)).to.deep.equal([0.5, 1, 2, 5, 10]);
    expect(dayText("2026-11-24")).to.equal("24 Nov");
  });

  it("count arrived bytes, or files if the data have no bytes", () => {
    const region = { region: "us-east-1", bytes: 25, files: 1 };
    expect(arrivedShare({ sizeBytes: 100, fileCount: 1 }, region)).to.equal(0.25);
    expect(arrivedShare({ sizeBytes: 20, fileCount: 1 }, region)).to.equal(1);
    expect(arrivedShare({ sizeBytes: 0, fileCount: 4 }, region)).to.equal(0.25);
    expect(arrivedShare({ sizeBytes: 100, fileCount: 1 }, { ...region, bytes: null })).to.equal(undefined);
  });

  it("report missing data as damage, except for expired entries", () => {
    const active = entry(0);
    const expired = entry(1, { expiresAt: "2026-11-24T11:00:00Z", regions: ["us-east-1"] });
    const missing = { "us-east-1": { state: "missing", why: "no object" } } as const;
    const presence: Presence = { [active.id]: missing, [expired.id]: missing };
    expect(hasDamage(active, presence, now)).to.equal(true);
    expect(hasDamage(expired, presence, now)).to.equal(false);
    expect(presenceIn(entry(2), "us-east-1", presence, now)).to.equal(undefined);
    const [east, west] = summariseRegions(ABOUT.regions, [active, expired], presence, now);
    expect(east).to.deep.include({ entries: 2, damaged: 1, bytes: active.sizeBytes + expired.sizeBytes });
    expect(west).to.deep.include({ region: "us-west-2", entries: 0, damaged: 0, bytes: 0 });
  });

  it("list regions that the environment no longer has", () => {
    const rows = summariseRegions(ABOUT.regions.slice(0, 1), [entry(2)], null, now);
    expect(rows.map(({ region, bucket }) => [region, bucket])).to.deep.equal([
      ["us-east-1", "spawn-staging-us-east-1"],
      ["us-west-2", ""],
      ["eu-west-1", ""],
    ]);
  });

  it("measure the rate of an upload in each region, and begin again after a restart", () => {
    const rates = new Rates();
    const sample = (bytes: number | null, at: number) =>
      rates.add([transfer({ id: "a", regions: [{ region: "r", bytes, files: 0 }] })], at);
    sample(1_000, 0);
    expect(rates.of("a", "r")).to.equal(undefined);
    sample(5_000, 2_000);
    expect(rates.of("a", "r")).to.equal(2_000);
    sample(null, 3_000);
    expect(rates.of("a", "r")).to.equal(2_000);
    sample(100, 4_000);
    expect(rates.of("a", "r")).to.equal(undefined);
    sample(200, 5_000);
    expect(rates.of("a", "r")).to.equal(100);
    rates.add([], 6_000);
    expect(rates.of("a", "r")).to.equal(undefined);
  });
});
