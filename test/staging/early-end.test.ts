import { expect } from "chai";
import fc from "fast-check";
import { replicaTags } from "../../staging/classes.ts";
import { earlyEnd, type Lifetime, type OwnRule } from "../../staging/early-end.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseTtlDays, TTL_CLASSES } from "../../staging/ttl.ts";

const ID = parseStagingId("stage-abc123def456");
const TTL = parseTtlDays(7);
const entry = (changes: Partial<Lifetime> = {}): Lifetime => ({
  id: ID,
  ttl: TTL,
  tags: replicaTags(ID, TTL),
  uploadedAt: new Date("2026-03-01T10:00:00Z"),
  maxSizeBytes: 1_000_000,
  ...changes,
});
const rule = (changes: Partial<OwnRule> = {}): OwnRule => ({
  ID: "cleanup",
  Status: "Enabled",
  Expiration: { Days: 3 },
  ...changes,
});
const early = { ruleId: "cleanup", end: "expire", days: 3 } as const;

describe("The end of an entry by a rule of the user's", () => {
  it("is early only if the rule has fewer days than the TTL", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TTL_CLASSES), fc.integer({ min: 1, max: 400 }), (ttl, Days) => {
        const end = earlyEnd([rule({ Expiration: { Days } })], entry({ ttl, tags: replicaTags(ID, ttl) }));
        expect(end).to.deep.equal(Days < ttl ? { ...early, days: Days } : undefined);
      }),
    );
  });

  it("is not early by the guide's own rule of 7 days, with the TTL of 7 days", () => {
    const guides = { ID: "cleanup-after-7-days", Status: "Enabled", Expiration: { Days: 7 } };
    expect(earlyEnd([guides], entry())).to.equal(undefined);
  });

  for (const [filter, applies] of [
    [{}, true],
    [{ Prefix: "" }, true],
    [{ Prefix: "stage-" }, true],
    [{ Prefix: `${ID}/data/` }, true],
    [{ Prefix: "logs/" }, false],
    [{ Prefix: "stage-abd" }, false],
    [{ Tag: { Key: "StagingID", Value: ID } }, true],
    [{ Tag: { Key: "spawn:ttl-days", Value: "7" } }, true],
    [{ Tag: { Key: "spawn:ttl-days", Value: "8" } }, false],
    [{ Tag: { Key: "team", Value: "genomics" } }, false],
    [{ ObjectSizeGreaterThan: 999_999 }, true],
    [{ ObjectSizeGreaterThan: 1_000_000 }, false],
    [{ ObjectSizeLessThan: 100 }, true],
    [{ And: { Prefix: "stage-", Tags: [{ Key: "spawn:ttl-days", Value: "7" }] } }, true],
    [{ And: { Prefix: "stage-", Tags: [{ Key: "team", Value: "genomics" }] } }, false],
    [{ And: { Prefix: "logs/", Tags: [{ Key: "spawn:ttl-days", Value: "7" }] } }, false],
    [{ And: { Prefix: "", ObjectSizeGreaterThan: 5_000_000 } }, false],
    [{ And: { Prefix: "", ObjectSizeGreaterThan: 0, ObjectSizeLessThan: 5_000_000 } }, true],
  ] as const) {
    it(`is ${applies ? "" : "not "}that of a rule with the filter ${JSON.stringify(filter)}`, () => {
      expect(earlyEnd([rule({ Filter: filter })], entry())).to.deep.equal(applies ? early : undefined);
    });
  }

  it("is that of a rule of the old form, with a prefix outside of a filter", () => {
    expect(earlyEnd([rule({ Prefix: "stage-" })], entry())).to.deep.equal(early);
    expect(earlyEnd([rule({ Prefix: "logs/" })], entry())).to.equal(undefined);
  });

  it("matches any size if the size is unknown", () => {
    const large = rule({ Filter: { ObjectSizeGreaterThan: 1e12 } });
    expect(earlyEnd([large], entry({ maxSizeBytes: undefined }))).to.deep.equal(early);
  });

  it("comes at a date, before the midnight at which the TTL removes the data", () => {
    const at = (date: string) => earlyEnd([rule({ Expiration: { Date: new Date(date) } })], entry())?.days;
    expect(at("2026-03-09T00:00:00Z")).to.equal(undefined);
    expect(at("2026-03-08T00:00:00Z")).to.equal(6);
    expect(at("2026-03-03T00:00:00Z")).to.equal(1);
    expect(at("2026-03-02T00:00:00Z")).to.equal(0);
    expect(at("2020-01-01T00:00:00Z")).to.equal(0);
  });

  it("is an archive only if instances cannot read the data", () => {
    const moved = (StorageClass: string) =>
      rule({ Expiration: undefined, Transitions: [{ Days: 2, StorageClass }] });
    for (const name of ["GLACIER", "DEEP_ARCHIVE"]) {
      expect(earlyEnd([moved(name)], entry())).to.deep.equal({ ruleId: "cleanup", end: "archive", days: 2 });
    }
    for (const name of ["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"]) {
      expect(earlyEnd([moved(name)], entry())).to.equal(undefined);
    }
  });

  it("is the first of several", () => {
    const first = rule({ ID: "first", Expiration: { Days: 2 } });
    expect(earlyEnd([rule(), first, rule({ ID: "later", Expiration: { Days: 5 } })], entry())).to.deep.equal({
      ...early,
      ruleId: "first",
      days: 2,
    });
  });

  it("does not come by a rule that is disabled, or of versions that were replaced", () => {
    const others = [
      rule({ Status: "Disabled" }),
      rule({ Expiration: undefined }),
      { ID: "versions", Status: "Enabled", NoncurrentVersionExpiration: { NoncurrentDays: 1 } },
    ];
    expect(earlyEnd(others, entry())).to.equal(undefined);
  });
});
