import { expect } from "chai";
import {
  expiredEntries,
  expiryWarnings,
  type HeldTtl,
  withRenewedTtls,
} from "../../staging/declared-expiry.ts";
import { InputError } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { heldIn } from "../../staging/ownership/held.ts";
import { EXPIRATION, STAGED_DATA, STAGING_ENTRY } from "../../staging/resources/tokens.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { errorOf } from "../support/failure.ts";

const ID = parseStagingId("stage-abc123def456");
const uploadedAt = new Date("2026-01-01T10:00:00Z");
const entry = (ttl: number, keep = false) => ({ id: ID, declaredAs: "grch38", ttl: parseTtlDays(ttl), keep });
const held = (ttl: number): HeldTtl[] => [{ stagingId: ID, uploadedAt, ttl: parseTtlDays(ttl) }];
const expired = (time: string, of = [entry(90)], state: readonly HeldTtl[] = held(90)) =>
  expiredEntries(state, of, new Date(time));
const renewed = (item: ReturnType<typeof entry>, state: readonly HeldTtl[], time: string) =>
  withRenewedTtls([item], state, new Date(time), "prod")[0]?.ttl;
const warnings = (item: ReturnType<typeof entry>, state: readonly HeldTtl[], time: string) =>
  expiryWarnings([item], state, new Date(time), "prod");

describe("expired declared entries", () => {
  it("have exceeded their TTL since the upload in the state", () => {
    expect(expired("2026-04-01T09:59:59Z")).to.deep.equal([]);
    const expiredAt = new Date("2026-04-01T10:00:00Z");
    expect(expired("2026-04-01T10:00:00Z")).to.deep.equal([{ item: "grch38", stagingId: ID, expiredAt }]);
  });

  it("exclude entries that are not declared, or not staged yet", () => {
    expect(expired("2030-01-01T00:00:00Z", [])).to.deep.equal([]);
    expect(expired("2030-01-01T00:00:00Z", [entry(90)], [])).to.deep.equal([]);
  });

  it("are found by the TTL resources of the state that have a TTL", () => {
    const resource = (type: string, properties: object) => ({ urn: "", type, properties: { ...properties } });
    const { ttls } = heldIn(
      [
        resource(STAGED_DATA, { stagingId: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 1 }),
        resource(EXPIRATION, { stagingId: ID }),
        resource(EXPIRATION, { stagingId: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 0 }),
        resource(EXPIRATION, { stagingId: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 30 }),
      ],
      "aws",
    );
    expect(ttls).to.deep.equal(held(30));
  });

  it("exclude entries whose tags were edited to a TTL that has ended, which an update reverts", () => {
    const drifted = { stagingId: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 1 };
    const outputs = { id: ID, uploadedAt: "2026-01-01T10:00:00Z", ttlDays: 30 };
    const { ttls = [] } = heldIn(
      [
        { urn: "", type: EXPIRATION, properties: drifted },
        { urn: "", type: STAGING_ENTRY, properties: outputs },
      ],
      "aws",
    );
    expect(expired("2026-01-30T00:00:00Z", [entry(30)], ttls)).to.deep.equal([]);
    expect(renewed(entry(30), ttls, "2026-01-30T00:00:00Z")).to.equal(30);
    expect(expired("2026-02-01T00:00:00Z", [entry(30)], ttls)).to.have.length(1);
  });

  it("are reported with the edit that stages them again", () => {
    expect(warnings(entry(90), held(90), "2030-01-01T00:00:00Z")).to.deep.equal([
      "the item grch38 of spawn:entries (stage-abc123def456) expired on 2026-04-01: S3 deletes its data, and no update stages them again. To stage them again, give the item another name in Pulumi.prod.yaml.",
    ]);
    expect(warnings(entry(90), held(90), "2026-02-01T00:00:00Z")).to.deep.equal([]);
  });
});

describe("an edited TTL of a declared entry", () => {
  it("is refused if it has already ended, lowered or without the days that keep had added", async () => {
    expect(renewed(entry(20), held(50), "2026-01-21T09:59:59Z")).to.equal(20);
    for (const [ttl, before] of [
      [7, 30],
      [20, 50],
      [1, 30],
    ] as const) {
      const error = await errorOf(
        Promise.resolve().then(() => renewed(entry(ttl), held(before), "2026-01-21T10:00:00Z")),
        InputError,
      );
      expect(error.message).to.equal(
        `Pulumi.prod.yaml: spawn:entries: item grch38: a TTL of ${ttl === 1 ? "1 day" : `${ttl} days`} has already ended for ${ID}`,
      );
      expect(error.fix).to.equal("Write ttl: 21 or more. To delete the data now, remove the item.");
    }
    expect(renewed(entry(21), held(30), "2026-01-21T10:00:00Z")).to.equal(21);
  });

  it("does not change an entry that has expired, whose update would fail", () => {
    for (const ttl of [1, 7, 30]) expect(renewed(entry(ttl), held(7), "2026-01-08T10:00:00Z")).to.equal(7);
  });
});

describe("keep: true", () => {
  it("renews the TTL at each update, once a day", () => {
    expect(renewed(entry(7, true), [], "2026-01-01T10:00:00Z")).to.equal(7);
    expect(renewed(entry(7, true), held(7), "2026-01-02T09:59:59Z")).to.equal(7);
    expect(renewed(entry(7, true), held(7), "2026-01-02T10:00:00Z")).to.equal(8);
    expect(renewed(entry(7, true), held(7), "2026-01-08T09:00:00Z")).to.equal(13);
    // A clock behind the server's.
    expect(renewed(entry(7, true), held(7), "2025-12-01T00:00:00Z")).to.equal(7);
  });

  it("renews only items that have it", () => {
    expect(renewed(entry(7), held(7), "2026-01-05T10:00:00Z")).to.equal(7);
  });

  it("does not change an expired entry, whose update would fail", () => {
    expect(renewed(entry(7, true), held(13), "2026-01-14T10:00:00Z")).to.equal(13);
    expect(warnings(entry(7, true), held(13), "2026-01-14T10:00:00Z")[0]).to.contain("expired on 2026-01-14");
  });

  it("ends 90 days after the upload, with a warning before", () => {
    expect(renewed(entry(30, true), held(89), "2026-03-02T10:00:00Z")).to.equal(90);
    expect(warnings(entry(30, true), held(89), "2026-03-02T10:00:00Z")).to.deep.equal([]);
    expect(renewed(entry(30, true), held(90), "2026-03-03T10:00:00Z")).to.equal(90);
    expect(warnings(entry(30, true), held(90), "2026-03-03T10:00:00Z")).to.deep.equal([
      "the item grch38 of spawn:entries (stage-abc123def456) expires on 2026-04-01 in spite of keep: true, because a TTL ends at most 90 days after the upload. Before that day, add an item with another name and the same source to Pulumi.prod.yaml, update, and then remove the item grch38.",
    ]);
  });
});
