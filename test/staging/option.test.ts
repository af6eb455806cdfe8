import { expect } from "chai";
import { launchFlags } from "../../cli/launch-flags.ts";
import { uploadFlags } from "../../cli/upload-flags.ts";
import { parseEnvironmentConfig } from "../../stacks/environment-file.ts";
import { parseAccountList } from "../../staging/accounts.ts";
import { parseBandwidthLimit } from "../../staging/bandwidth.ts";
import { parseDestination } from "../../staging/destination.ts";
import { parseReplicationMethod } from "../../staging/entry.ts";
import { ITEM_KEYS } from "../../staging/entry-values.ts";
import { parseExcludePattern } from "../../staging/exclude-pattern.ts";
import { parseFilename } from "../../staging/filename.ts";
import { asFlag, asKey, type Option } from "../../staging/option.ts";
import { parsePriceBookName } from "../../staging/price-book.ts";
import { parseRegionList } from "../../staging/regions.ts";
import { assertHasLinks, assertOnS3, assertRequestPayer } from "../../staging/s3-url.ts";
import { parseTimeoutSeconds } from "../../staging/timeout.ts";
import { parseTtlDays } from "../../staging/ttl.ts";
import { refusalOf } from "./refusal.ts";

interface Refusal {
  /** Refuses the value on the command line. */
  readonly flag: () => unknown;
  /** Undefined for a setting, which no item has. */
  readonly item?: Readonly<Record<string, unknown>>;
  readonly asFlag: string;
  readonly asKey?: string;
}

/** No value of `multipart` is refused. */
const REFUSALS: Readonly<Record<Exclude<Option, "multipart">, Refusal>> = {
  allowAccounts: {
    ...{ flag: () => parseAccountList(" "), item: { allowAccounts: [" "] } },
    ...{ asFlag: "--allow-accounts 123456789012", asKey: 'allowAccounts: ["123456789012"]' },
  },
  bandwidthLimit: {
    ...{ flag: () => parseBandwidthLimit("50"), item: { bandwidthLimit: "50" } },
    ...{ asFlag: "--bandwidth-limit 50MB/s", asKey: "bandwidthLimit: 50MB/s" },
  },
  dest: {
    ...{ flag: () => parseDestination("x"), item: { dest: "x" } },
    ...{ asFlag: "--dest /mnt/data/NAME", asKey: "dest: /mnt/data/NAME" },
  },
  exclude: {
    ...{ flag: () => parseExcludePattern("#it's"), item: { exclude: ["#it's"] } },
    ...{ asFlag: "--exclude '\\#it'\\''s'", asKey: `exclude: ["\\\\#it's"]` },
  },
  filename: {
    ...{ flag: () => parseFilename("a/b"), item: { filename: "a/b" } },
    ...{ asFlag: "It has a slash; --dest sets", asKey: "It has a slash; dest sets" },
  },
  followLinks: {
    ...{ flag: () => assertHasLinks("s3://b/k"), item: { followLinks: true, source: "s3://b/k" } },
    ...{ asFlag: "Remove --follow-links.", asKey: "Remove followLinks." },
  },
  noSha256: {
    ...{ flag: () => assertOnS3("x"), item: { noSha256: true } },
    ...{ asFlag: "Remove --no-sha256.", asKey: "Remove noSha256." },
  },
  prices: { flag: () => parsePriceBookName("mine"), asFlag: "--prices guide" },
  regions: {
    ...{ flag: () => parseRegionList(""), item: { regions: [""] } },
    ...{ asFlag: "--regions us-east-1,us-west-2", asKey: "regions: [us-east-1, us-west-2]" },
  },
  replication: {
    ...{ flag: () => parseReplicationMethod("both"), item: { replication: "both" } },
    ...{ asFlag: "--replication rule", asKey: "replication: rule" },
  },
  requestPayer: {
    ...{ flag: () => assertRequestPayer("x"), item: { requestPayer: true } },
    ...{ asFlag: "Remove --request-payer.", asKey: "Remove requestPayer." },
  },
  timeout: {
    ...{ flag: () => parseTimeoutSeconds("0"), item: { timeout: 0 } },
    ...{ asFlag: "--timeout 3600", asKey: "timeout: 3600" },
  },
  ttl: {
    ...{ flag: () => parseTtlDays("0"), item: { ttl: 0 } },
    ...{ asFlag: "--ttl 7", asKey: "ttl: 7" },
  },
};

describe("The error of an option", () => {
  for (const [option, refusal] of Object.entries(REFUSALS)) {
    it(`names ${option} as a flag on the command line`, () => {
      const { why, fix } = refusalOf(refusal.flag);
      expect(`${why} ${fix}`).to.contain(refusal.asFlag);
      const name = asFlag(option as Option).replace("--", ""); // a key of REFUSALS
      expect({ ...uploadFlags, ...launchFlags }).to.have.property(name);
    });

    const { item } = refusal;
    if (item === undefined) continue;
    it(`names ${option} as a key in a declared entry`, () => {
      const entries = [{ name: "genome", source: "data/x", ...item }];
      const values = { regions: ["us-east-1"], cloud: "local", entries };
      const { why, fix } = refusalOf(() => parseEnvironmentConfig("dev", values, "/p"));
      expect(`${why} ${fix}`).to.contain(refusal.asKey).and.not.contain("--");
      expect(ITEM_KEYS).to.have.property(option);
    });
  }
});

describe("An option", () => {
  it("is spelled with several values", () => {
    expect(asFlag("exclude", ["*.tmp", "a b/"])).to.equal("--exclude '*.tmp' --exclude 'a b/'");
    expect(asKey("exclude", ["*.tmp", "a b/"])).to.equal('exclude: ["*.tmp", "a b/"]');
    expect(asFlag("regions", ["us-east-1", "us-west-2"])).to.equal("--regions us-east-1,us-west-2");
  });

  it("is spelled without a value, or as set", () => {
    expect([asFlag("filename"), asKey("filename")]).to.deep.equal(["--name", "filename"]);
    expect([asFlag("requestPayer", true), asKey("requestPayer", true)]).to.deep.equal([
      "--request-payer",
      "requestPayer: true",
    ]);
  });
});
