import { expect } from "chai";
import { FAST_OPERATIONS } from "../../../provider/store/fast/requests.ts";
import {
  mailSafe,
  metadataBytes,
  objectHeaders,
  sameDescription,
} from "../../../provider/store/object-headers.ts";
import { copiedMetadata, refuseLostMetadata } from "../../../provider/transfer/source/kept-metadata.ts";
import { InputError, type UserError } from "../../../staging/errors.ts";

const FACTS = { partSize: 0, sourceEtag: '"0123456789abcdef0123456789abcdef"' };

describe("The headers and metadata of a copy", () => {
  it("equal S3's response, without the transfer coding", () => {
    for (const [encoding, kept] of [
      ["gzip", "gzip"],
      ["gzip,aws-chunked", "gzip"],
      ["aws-chunked, gzip, br", "gzip, br"],
      ["aws-chunked", undefined],
      ["", undefined],
    ] as const) {
      expect(objectHeaders({ contentEncoding: encoding }).contentEncoding, encoding).to.equal(kept);
    }
    expect(objectHeaders({ expires: "0", cacheControl: "no-store" })).to.deep.equal({
      expires: "0",
      cacheControl: "no-store",
    });
  });

  it("are the same on the fast path", () => {
    const headers = {
      "content-type": "text/csv",
      "content-encoding": "gzip",
      "cache-control": "no-store",
      "content-disposition": "inline",
      "content-language": "de",
      expires: "0",
      "x-amz-missing-meta": "2",
    };
    const answer = FAST_OPERATIONS.head?.answer({ status: 200, headers, body: "" });
    expect(answer?.output?.headers).to.deep.equal({
      contentType: "text/csv",
      contentEncoding: "gzip",
      cacheControl: "no-store",
      contentDisposition: "inline",
      contentLanguage: "de",
      expires: "0",
    });
    expect(answer?.output?.missingMetadata).to.equal(2);
  });

  it("carry text beyond ASCII, given as bytes, as text or encoded", () => {
    const encoded = "=?UTF-8?B?w6TDtg==?=";
    const asBytes = Buffer.from("äö").toString("latin1");
    for (const value of [encoded, asBytes]) expect(mailSafe({ value })).to.deep.equal({ value: encoded });
    expect(mailSafe({ value: "日本" })).to.deep.equal({ value: "=?UTF-8?B?5pel5pys?=" });
    for (const value of [encoded, asBytes]) expect(metadataBytes({ value })).to.equal(5 + 4);
  });

  it("keep all keys except spawn's own, which it writes again", () => {
    const metadata = { sample: "1", "spawn-part-size": "9", "spawn-sha256": "f", "spawn-other": "2" };
    const copied = copiedMetadata({ metadata, missingMetadata: 0 }, FACTS, "s3://b/k");
    expect(copied).to.deep.equal({
      sample: "1",
      "spawn-other": "2",
      "spawn-part-size": "0",
      "spawn-source-etag": FACTS.sourceEtag,
    });
    const headers = {};
    expect(sameDescription({ headers, metadata }, { headers, metadata: copied })).to.equal(true);
    expect(sameDescription({ headers, metadata }, { headers, metadata: {} })).to.equal(false);
    expect(sameDescription({ headers, metadata }, { headers: { cacheControl: "x" }, metadata })).to.equal(
      false,
    );
  });

  it("are refused if S3 would lose some", () => {
    const room = 2048 - metadataBytes(copiedMetadata({ metadata: {}, missingMetadata: 0 }, FACTS, ""));
    const fits = { metadata: { n: "x".repeat(room - 1) }, missingMetadata: 0 };
    copiedMetadata(fits, FACTS, "s3://b/k");
    for (const [source, why] of [
      [{ ...fits, metadata: { n: "x".repeat(room) } }, "user metadata"],
      [{ ...fits, missingMetadata: 1 }, "S3 does not tell 1 of its metadata entries"],
    ] as const) {
      const failing = (run: () => unknown): UserError => {
        try {
          run();
        } catch (error) {
          return error as UserError;
        }
        throw new Error("it was accepted");
      };
      const single = failing(() => refuseLostMetadata(source, FACTS, "s3://b/k"));
      expect(single).to.be.instanceOf(InputError);
      expect(single.why).to.contain(why);
      const below = failing(() => copiedMetadata(source, FACTS, "s3://b/p/it's", "it's"));
      expect(below.message).to.equal("the metadata of s3://b/p/it's cannot be kept");
      expect(below.fix).to.contain(`--exclude '/it'\\''s'`);
    }
  });
});
