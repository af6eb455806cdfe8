import { createHmac, hash } from "node:crypto";
import { expect } from "chai";
import { type Signable, Signer, type SigningScope } from "../../connection/signing.ts";

/** The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const SCOPE = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  region: "us-east-1",
  service: "s3",
};
const NOW = new Date("2013-05-24T00:00:00Z");
const HOST = "examplebucket.s3.amazonaws.com";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const signer = new Signer();

/** The headers that were added to the request's own. */
function signatureHeaders(request: Signable, scope: SigningScope, now: Date): Record<string, string> {
  const flat = signer.headers(request, scope, now);
  const all = Object.fromEntries(
    flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : [])),
  );
  expect(all).to.include(request.headers);
  for (const name of Object.keys(request.headers)) delete all[name];
  return all;
}

describe("Signer", () => {
  it("signs AWS's example of a GET", () => {
    const headers = { host: HOST, range: "bytes=0-9", "x-amz-content-sha256": EMPTY };
    const request = { method: "GET", path: "/test.txt", query: "", headers };
    expect(signatureHeaders(request, SCOPE, NOW)).to.deep.equal({
      "x-amz-date": "20130524T000000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    });
  });

  it("signs AWS's example of a PUT", () => {
    const headers = {
      date: "Fri, 24 May 2013 00:00:00 GMT",
      host: HOST,
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
    };
    const request = { method: "PUT", path: "/test%24file.text", query: "", headers };
    expect(signatureHeaders(request, SCOPE, NOW)["authorization"]).to.match(
      /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
    );
  });

  it("signs AWS's example of a query", () => {
    const headers = { host: HOST, "x-amz-content-sha256": EMPTY };
    const request = { method: "GET", path: "/", query: "max-keys=2&prefix=J", headers };
    expect(signatureHeaders(request, SCOPE, NOW)["authorization"]).to.match(
      /Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7$/,
    );
  });

  it("signs the session token, with the key of the current day and secret", () => {
    const headers = { host: HOST, "x-amz-content-sha256": EMPTY };
    const request = { method: "GET", path: "/", query: "", headers };
    const sign = (scope: object, now = NOW): string | undefined =>
      signatureHeaders(request, { ...SCOPE, ...scope }, now)["authorization"];
    const withToken = signatureHeaders(request, { ...SCOPE, sessionToken: "token" }, NOW);
    expect(withToken["x-amz-security-token"]).to.equal("token");
    expect(withToken["authorization"]).to.contain(
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,",
    );
    const signatures = new Set([
      sign({}),
      sign({ secretAccessKey: "other" }),
      sign({}, new Date("2013-05-25T00:00:00Z")),
      sign({ region: "us-west-2" }),
    ]);
    expect(signatures.size).to.equal(4);
    expect(sign({})).to.equal(sign({}));
  });

  it("collapses spaces in a header and trims its ends, like Amazon's SDKs", () => {
    const sign = (value: string): string | undefined => {
      const headers = { host: HOST, "x-amz-content-sha256": EMPTY, "x-amz-meta-a": value };
      const request = { method: "GET", path: "/", query: "", headers };
      return signatureHeaders(request, SCOPE, NOW)["authorization"];
    };
    expect(sign("a\tb")).to.equal(sign("a b"));
    expect(sign("\ta \t b\t")).to.equal(sign("a b"));
  });

  it("signs a text of any length as HMAC does", () => {
    const scope = { ...SCOPE, region: "r".repeat(1_000) };
    const request = {
      method: "GET",
      path: "/",
      query: "",
      headers: { host: HOST, "x-amz-content-sha256": EMPTY },
    };
    const canonical =
      `GET\n/\n\nhost:${HOST}\nx-amz-content-sha256:${EMPTY}\nx-amz-date:20130524T000000Z\n\n` +
      `host;x-amz-content-sha256;x-amz-date\n${EMPTY}`;
    const steps = ["20130524", scope.region, "s3", "aws4_request"];
    const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
    const key = steps.reduce<string | Buffer>(hmac, `AWS4${SCOPE.secretAccessKey}`);
    const text = `AWS4-HMAC-SHA256\n20130524T000000Z\n${steps.join("/")}\n${hash("sha256", canonical)}`;
    const expected = hmac(key, text).toString("hex");
    for (const _ of ["first", "again"]) {
      const { authorization } = signatureHeaders(request, scope, NOW);
      expect(authorization).to.match(new RegExp(`Signature=${expected}$`));
    }
  });
});
