import { expect } from "chai";
import { refuseOverlap } from "../../staging/overlap.ts";
import { refusalOf } from "./refusal.ts";

const ID = "stage-0123456789ab";
const BUCKETS = ["spawn-staging-us-east-1", "my-data"];

describe("The overlap of a source with its own entry", () => {
  const check = (source: string, exclude: string[] = []) =>
    refuseOverlap({ source, exclude, id: ID }, BUCKETS);

  for (const [source, exclude] of [
    ["s3://spawn-staging-us-east-1/", []],
    ["s3://my-data/", []],
    [`s3://spawn-staging-us-east-1/${ID}/`, []],
    [`s3://spawn-staging-us-east-1/${ID}/`, ["/stage-*/"]],
    [`s3://my-data/${ID}/reads.bin`, []],
    ["s3://my-data/", ["/stage-ffffffffffff/", "*.tmp"]],
  ] as const) {
    it(`is refused: ${source} without ${exclude.join(", ") || "nothing"}`, () => {
      const error = refusalOf(() => check(source, [...exclude]));
      expect(error.message).to.equal(`${source} overlaps its own new entry`);
      expect(error.exitCode).to.equal(2);
    });
  }

  for (const [source, exclude] of [
    ["/data/reads", []],
    ["s3://elsewhere/", []],
    ["s3://spawn-staging-us-east-1/stage-ffffffffffff/", []],
    ["s3://spawn-staging-us-east-1/stage-ffffffffffff/reads.bin", []],
    ["s3://my-data/data/", []],
    ["s3://my-data/stage-notes.txt", []],
  ] as const) {
    it(`is none: ${source}`, () => check(source, [...exclude]));
  }

  it("is none with the suggested exclude pattern", () => {
    const { fix = "" } = refusalOf(() => check("s3://my-data/"));
    const [, pattern = ""] = /--exclude '([^']+)'/.exec(fix) ?? [];
    check("s3://my-data/", [pattern]);
  });
});
