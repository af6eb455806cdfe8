import { expect } from "chai";
import { defaultDestination, parseDestination } from "../../staging/destination.ts";
import { refusalOf } from "./refusal.ts";

describe("destination", () => {
  for (const [given, expected] of [
    ["/mnt/data/reference.fasta", "/mnt/data/reference.fasta"],
    ["/opt/app/data/", "/opt/app/data/"],
    ["/opt//app/./data", "/opt/app/data"],
    ["/opt/..data/a..b", "/opt/..data/a..b"],
    ["/mnt/with space/größe'\"$", "/mnt/with space/größe'\"$"],
  ] as const) {
    it(`takes ${given}`, () => {
      expect(parseDestination(given)).to.equal(expected);
    });
  }

  for (const [given, message] of [
    ["data/x", 'destination "data/x" is not an absolute path'],
    ["", 'destination "" is not an absolute path'],
    ["~/x", 'destination "~/x" is not an absolute path'],
    ["..", 'destination ".." is not an absolute path'],
    ["/mnt/../etc/passwd", 'destination "/mnt/../etc/passwd" contains ".."'],
    ["/mnt/..", 'destination "/mnt/.." contains ".."'],
    ["/", 'destination "/" is no place for data'],
    ["//", 'destination "/" is no place for data'],
    ["/.", 'destination "/" is no place for data'],
    ["/mnt/a\nb", "the destination contains a control character"],
    ["/mnt/a\0b", "the destination contains a control character"],
  ] as const) {
    it(`refuses ${JSON.stringify(given)}`, () => {
      const error = refusalOf(() => parseDestination(given));
      expect(error.message).to.equal(message);
      expect(error.fix).to.equal("--dest /mnt/data/NAME");
    });
  }

  it("is /mnt/data/<filename> by default", () => {
    expect(defaultDestination("reference.fasta")).to.equal("/mnt/data/reference.fasta");
    expect(defaultDestination("-dash 'quote' größe")).to.equal("/mnt/data/-dash 'quote' größe");
  });

  it("is required if the file name cannot be part of one", () => {
    expect(refusalOf(() => defaultDestination("a\nb")).fix).to.equal("--dest /mnt/data/NAME");
  });
});
