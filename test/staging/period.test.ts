import { expect } from "chai";
import fc from "fast-check";
import { parsePeriod, TIME_FORMS } from "../../staging/period.ts";
import { refusalOf } from "./refusal.ts";

const NOW = new Date("2026-11-24T15:20:30Z");
const period = (since?: string, until?: string) => {
  const { since: from, until: to, label } = parsePeriod(since, until, NOW);
  const text = (date: Date) => date.toISOString().slice(0, 16);
  return `${text(from)} ${text(to)} ${label}`;
};

describe("the period of a report", () => {
  const cases: [string | undefined, string | undefined, string][] = [
    [undefined, undefined, "2026-10-25T15:20 2026-11-24T15:20 Last 30 Days"],
    ["30 days ago", undefined, "2026-10-25T15:20 2026-11-24T15:20 Last 30 Days"],
    ["2 weeks", undefined, "2026-11-10T15:20 2026-11-24T15:20 Last 2 Weeks"],
    ["A  Week ago", undefined, "2026-11-17T15:20 2026-11-24T15:20 Last Week"],
    ["12 hours ago", undefined, "2026-11-24T03:20 2026-11-24T15:20 Last 12 Hours"],
    ["3 months ago", undefined, "2026-08-24T15:20 2026-11-24T15:20 Last 3 Months"],
    ["1 year", undefined, "2025-11-24T15:20 2026-11-24T15:20 Last Year"],
    ["today", undefined, "2026-11-24T00:00 2026-11-24T15:20 Since 2026-11-24"],
    ["yesterday", undefined, "2026-11-23T00:00 2026-11-24T15:20 Since 2026-11-23"],
    ["yesterday", "yesterday", "2026-11-23T00:00 2026-11-24T00:00 2026-11-23"],
    ["2026-10-01", "2026-10-31", "2026-10-01T00:00 2026-11-01T00:00 2026-10-01 to 2026-10-31"],
    ["2026-11-01", "today", "2026-11-01T00:00 2026-11-24T15:20 2026-11-01 to 2026-11-24"],
    ["2026-11-01", "2026-11-30", "2026-11-01T00:00 2026-11-24T15:20 2026-11-01 to 2026-11-30"],
    [
      "2026-11-01T09:30",
      "2026-11-02T10:00+02:00",
      "2026-11-01T09:30 2026-11-02T08:00 2026-11-01 09:30 UTC to 2026-11-02 08:00 UTC",
    ],
    [
      "3 weeks ago",
      "2 weeks ago",
      "2026-11-03T15:20 2026-11-10T15:20 2026-11-03 15:20 UTC to 2026-11-10 15:20 UTC",
    ],
  ];
  for (const [since, until, expected] of cases) {
    it(`is understood: ${since ?? "(default)"} until ${until ?? "(default)"}`, () => {
      expect(period(since, until)).to.equal(expected);
    });
  }

  it("ends now if the end is in the future, with a note unless it is today's", () => {
    expect(parsePeriod("2026-11-01", "2026-11-30", NOW)).to.include({ cut: true });
    expect(parsePeriod("2026-11-01", "Today", NOW)).to.include({ cut: false });
    expect(parsePeriod("2026-11-01", undefined, NOW)).to.include({ cut: false });
  });

  it("goes back to 1970 at most", () => {
    expect(period("9999 years")).to.equal("1970-01-01T00:00 2026-11-24T15:20 Last 9999 Years");
  });

  it("takes the last day of a month that is shorter", () => {
    const { since } = parsePeriod("1 month ago", undefined, new Date("2026-03-31T12:00:00Z"));
    expect(since.toISOString()).to.equal("2026-02-28T12:00:00.000Z");
  });

  it("accepts every form that it lists", () => {
    for (const form of TIME_FORMS.filter((text) => text !== "now")) expect(period(form)).to.match(/^20/);
  });

  it("refuses invalid times, and lists the forms", () => {
    for (const text of [
      "",
      "soon",
      "2026-02-30",
      "30",
      "days",
      "-3 days",
      "2026-11-01T25:00",
      "1e3 days ago",
    ]) {
      const { message, fix } = refusalOf(() => period(text));
      expect(message).to.equal(`--since "${text}" is not a time`);
      expect(fix).to.contain("yesterday, 30 days ago, 2 weeks, 3 months ago, 2026-11-01");
    }
    expect(refusalOf(() => period("yesterday", "tomorrow")).message).to.equal(
      '--until "tomorrow" is not a time',
    );
  });

  it("refuses the future, and an end before the beginning", () => {
    expect(refusalOf(() => period("2027-01-01")).message).to.equal('--since "2027-01-01" is in the future');
    const turned = refusalOf(() => period("2026-11-02", "2026-11-01"));
    expect(turned.message).to.equal('--since "2026-11-02" is not before --until "2026-11-01"');
    expect(turned.why).to.contain("from 2026-11-02 00:00 UTC to 2026-11-02 00:00 UTC");
    expect(refusalOf(() => period(undefined, "60 days ago")).message).to.contain(
      '--since "30 days ago" is not',
    );
  });

  it("is never empty nor in the future, whatever the number", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.constantFrom("hour", "day", "week", "month", "year"),
        (count, unit) => {
          const { since, until } = parsePeriod(`${count} ${unit}s ago`, undefined, NOW);
          expect(since < until && until <= NOW).to.equal(true);
        },
      ),
    );
  });
});
