import { expect } from "chai";
import { DEFAULT_PATIENCE } from "../../provider/transfer/copy/replica.ts";
import { fallbackText } from "../../staging/fallback.ts";
import { priceBook } from "../../staging/price-books.ts";
import { GIB } from "../../staging/units.ts";

const FALLBACK = { bytes: 100 * GIB, from: "us-east-1", to: "us-west-2", waitedMs: 20 * 60_000 };

describe("a copy in place of a rule", () => {
  it("is made no earlier than 20 minutes after the upload, while S3 replicates", () => {
    expect(DEFAULT_PATIENCE.baseMs).to.be.at.least(20 * 60_000);
  });

  it("warns about the cost, and about a possible double charge", () => {
    expect(fallbackText({ ...FALLBACK, status: "PENDING" }, priceBook("aws"))).to.equal(
      "S3 has not replicated 100.0 GB from us-east-1 to us-west-2 after 20 minutes: copying them for $2.00 of transfer. If S3 replicates them later, AWS charges the transfer twice.",
    );
  });

  it("warns that data with a failed replication do not expire; copies without a known price, too", () => {
    expect(fallbackText({ ...FALLBACK, to: "sa-east-1", status: "FAILED" }, priceBook("aws"))).to.equal(
      "S3 could not replicate 100.0 GB from us-east-1 to sa-east-1: copying them. S3 does not expire data whose replication has failed, so delete the entry when you no longer need it.",
    );
  });
});
