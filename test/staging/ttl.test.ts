import { expect } from "chai";
import fc from "fast-check";
import {
  expiresAt,
  isoSeconds,
  MS_PER_DAY,
  parseTtlDays,
  removalMidnight,
  TTL_CLASSES,
} from "../../staging/ttl.ts";
import { refusalOf } from "./refusal.ts";

describe("TTL", () => {
  for (const [given, days] of [
    ["1", 1],
    ["90", 90],
    [" 7 ", 7],
    ["007", 7],
    [14, 14],
  ] as const) {
    it(`takes ${JSON.stringify(given)} for ${days} days`, () => {
      expect(parseTtlDays(given)).to.equal(days);
    });
  }

  for (const given of [
    "0",
    "91",
    "1.5",
    "abc",
    "",
    " ",
    "-1",
    "+7",
    "1e1",
    "0x7",
    "7d",
    "1000",
    0,
    91,
    1.5,
    -7,
    Number.NaN,
  ]) {
    it(`refuses ${JSON.stringify(given)} (${typeof given})`, () => {
      const error = refusalOf(() => parseTtlDays(given));
      expect(error.message).to.equal(
        `TTL "${String(given).trim()}" is not a whole number of days from 1 to 90`,
      );
      expect(error.exitCode).to.equal(2);
      expect(error.fix).to.equal("--ttl 7");
    });
  }

  it("has a class for each of the 90 TTLs", () => {
    expect(TTL_CLASSES).to.deep.equal(Array.from({ length: 90 }, (_, index) => index + 1));
  });

  it("counts from the upload to the second, and S3 removes at the midnight after", () => {
    const uploaded = new Date("2024-01-22T10:30:15Z");
    expect(isoSeconds(expiresAt(uploaded, parseTtlDays(7)))).to.equal("2024-01-29T10:30:15Z");
    expect(isoSeconds(removalMidnight(uploaded, parseTtlDays(7)))).to.equal("2024-01-30T00:00:00Z");
  });

  it("crosses months, leap days and midnights", () => {
    const table = [
      ["2024-02-27T23:59:59Z", 2, "2024-02-29T23:59:59Z", "2024-03-01T00:00:00Z"],
      ["2023-12-31T00:00:01Z", 1, "2024-01-01T00:00:01Z", "2024-01-02T00:00:00Z"],
      ["2024-01-22T00:00:00Z", 1, "2024-01-23T00:00:00Z", "2024-01-24T00:00:00Z"],
    ] as const;
    for (const [uploaded, ttl, expires, removed] of table) {
      expect(isoSeconds(expiresAt(new Date(uploaded), parseTtlDays(ttl)))).to.equal(expires);
      expect(isoSeconds(removalMidnight(new Date(uploaded), parseTtlDays(ttl)))).to.equal(removed);
    }
  });

  it("is removed at a midnight after the expiry and at most a day later", () => {
    fc.assert(
      fc.property(
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }),
        fc.constantFrom(...TTL_CLASSES),
        (uploaded, ttl) => {
          const removal = removalMidnight(uploaded, ttl).getTime();
          const late = removal - expiresAt(uploaded, ttl).getTime();
          expect(removal % MS_PER_DAY).to.equal(0);
          expect(late).to.be.greaterThan(0).and.at.most(MS_PER_DAY);
        },
      ),
    );
  });
});
