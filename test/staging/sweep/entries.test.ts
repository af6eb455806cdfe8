import { expect } from "chai";
import { parseAccountId } from "../../../staging/accounts.ts";
import { parseDestination } from "../../../staging/destination.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { parseRegionList, type Region } from "../../../staging/regions.ts";
import { checkEntries, commonRegions, type SweepEntry } from "../../../staging/sweep/entries.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { refusalOf } from "../refusal.ts";

const NOW = new Date("2026-11-10T12:00:00Z");
const HOUR = 3_600;
const plain = (text: string): string => text;
const A = "stage-aaaaaaaaaaaa";
const B = "stage-bbbbbbbbbbbb";

const entry = (
  id: string,
  regions: string,
  { ttl = 7, uploaded = "2026-11-10T00:00:00Z", dest = `/mnt/${id}` } = {},
): SweepEntry => ({
  stagingId: parseStagingId(id),
  regions: parseRegionList(regions),
  sizeBytes: 1,
  fileCount: 1,
  destination: parseDestination(dest),
  uploadedAt: new Date(uploaded),
  ttl: parseTtlDays(ttl),
});

const regions = (text: string): readonly Region[] => parseRegionList(text);

const refusal = (entries: readonly SweepEntry[], names = "us-east-1,us-west-2", seconds = 24 * HOUR) =>
  refusalOf(() => checkEntries(entries, regions(names), seconds, NOW, plain));

describe("the entries of a sweep", () => {
  it("are accepted where every region holds them until the deadline", () => {
    checkEntries(
      [entry(A, "us-west-2,us-east-1,eu-west-1"), entry(B, "us-east-1,us-west-2")],
      regions("us-east-1,us-west-2"),
      24 * HOUR,
      NOW,
      plain,
    );
    checkEntries([], regions("us-east-1"), 24 * HOUR, NOW, plain);
  });

  it("are refused with the command that adds the missing regions, the primary one first", () => {
    const { message, fix } = refusal([entry(A, "eu-west-1,us-west-2"), entry(B, "us-east-1,us-west-2")]);
    expect(message).to.equal(`${A} is not in us-east-1`);
    expect(fix).to.equal(`spawn stage update ${A} --regions eu-west-1,us-west-2,us-east-1`);
  });

  it("are refused with the TTL that outlives the deadline", () => {
    const { message, fix } = refusal([entry(A, "us-east-1,us-west-2", { ttl: 1 })]);
    expect(message).to.equal(
      `${A} expires at 2026-11-11T00:00:00Z, before the deadline of 1d at 2026-11-11T12:00:00Z`,
    );
    expect(fix).to.equal(`spawn stage update ${A} --ttl 2`);
  });

  it("are refused all together, each with one command", () => {
    const { message, fix } = refusal([entry(A, "us-east-1", { ttl: 1 }), entry(B, "us-west-2")]);
    expect(message).to.equal(
      `${A} is not in us-west-2; ${A} expires at 2026-11-11T00:00:00Z, before the deadline of 1d at 2026-11-11T12:00:00Z; ${B} is not in us-east-1`,
    );
    expect(fix).to.equal(
      `spawn stage update ${A} --regions us-east-1,us-west-2 --ttl 2 && spawn stage update ${B} --regions us-west-2,us-east-1`,
    );
  });

  for (const [title, options] of [
    ["that expired", { ttl: 1, uploaded: "2026-11-01T00:00:00Z" }],
    ["that are too old for a longer TTL", { ttl: 90, uploaded: "2026-08-13T00:00:00Z" }],
  ] as const) {
    it(`are refused without a command that cannot work: ${title}`, () => {
      const { fix } = refusal([entry(A, "us-east-1,us-west-2", options)]);
      expect(fix).to.equal(`Stage the data of ${A} again, or give the sweep a shorter deadline`);
    });
  }

  it("must outlive the deadline by the second", () => {
    const uploaded = "2026-11-10T12:00:00Z";
    const check = (seconds: number) => () =>
      checkEntries([entry(A, "us-east-1", { ttl: 1, uploaded })], regions("us-east-1"), seconds, NOW, plain);
    check(24 * HOUR - 1)();
    expect(refusalOf(check(24 * HOUR)).fix).to.equal(`spawn stage update ${A} --ttl 2`);
  });

  for (const [one, other] of [
    ["/data", "/data"],
    ["/data", "/data/x"],
    ["/data/x/y", "/data/x"],
  ] as const) {
    it(`are refused at overlapping places: ${one} and ${other}`, () => {
      const { message } = refusal(
        [entry(A, "us-east-1", { dest: one }), entry(B, "us-east-1", { dest: other })],
        "us-east-1",
      );
      expect(message).to.equal(`the datasets ${A} and ${B} have overlapping paths`);
    });
  }

  it("can be beside each other", () => {
    checkEntries(
      [entry(A, "us-east-1", { dest: "/data/x" }), entry(B, "us-east-1", { dest: "/data/xy" })],
      regions("us-east-1"),
      HOUR,
      NOW,
      plain,
    );
  });

  it("of another account are its matter, and their TTL need not be known", () => {
    const foreign = {
      ...entry(A, "us-east-1"),
      ttl: undefined,
      account: parseAccountId("111111111111"),
    };
    checkEntries([foreign], regions("us-east-1"), 24 * HOUR, NOW, plain);
    expect(refusal([foreign, entry(B, "us-east-1")]).fix).to.equal(
      `Account 111111111111 must run: spawn stage update ${A} --regions us-east-1,us-west-2; then: spawn stage update ${B} --regions us-east-1,us-west-2`,
    );
  });

  it("are refused twice", () => {
    expect(refusal([entry(A, "us-east-1"), entry(A, "us-east-1")], "us-east-1").message).to.equal(
      `${A} is given twice`,
    );
  });
});

describe("the regions of a sweep that names none", () => {
  it("are those that hold every entry, in the order of the first one", () => {
    const entries = [entry(A, "us-west-2,eu-west-1,us-east-1"), entry(B, "us-east-1,us-west-2")];
    expect(commonRegions(entries, plain)).to.deep.equal(["us-west-2", "us-east-1"]);
  });

  it("are missing where no region holds all", () => {
    const { message, fix } = refusalOf(() =>
      commonRegions([entry(A, "us-west-2"), entry(B, "us-east-1")], plain),
    );
    expect(message).to.equal("no region holds all datasets of the sweep");
    expect(fix).to.equal(`spawn stage update ${B} --regions us-east-1,us-west-2`);
  });

  it("are missing without entries", () => {
    expect(refusalOf(() => commonRegions([], plain)).message).to.equal("the sweep has no region");
  });
});
