import { expect } from "chai";
import { type ErrorKind, kindOf, troubleOf } from "../../../connection/errors/kinds.ts";

const failure = (properties: object): Error => Object.assign(new Error("said AWS"), properties);
const answer = (name: string, status: number): Error =>
  failure({ name, $metadata: { httpStatusCode: status } });

/** The status is that of AWS's response; 0 where there is none. */
const CODES: readonly (readonly [kind: ErrorKind, status: number, ...codes: string[]])[] = [
  ["no bucket", 404, "NoSuchBucket"],
  ["no table", 400, "ResourceNotFoundException"],
  ["other region", 301, "PermanentRedirect"],
  ["expired", 400, "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"],
  ["not accepted", 401, "AuthFailure"],
  ["not accepted", 400, "InvalidToken", "UnrecognizedClientException", "InvalidSignatureException"],
  ["not accepted", 403, "InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch"],
  ["denied", 403, "AccessDenied", "AllAccessDisabled", "Forbidden", "UnauthorizedAccess"],
  ["denied", 403, "UnauthorizedOperation"],
  ["denied", 400, "AccessDeniedException"],
  ["denied", 403, "", "Error", "Unknown", "UnknownError", "403"],
  ["refused", 403, "InvalidObjectState", "AccountProblem", "InvalidPayer", "NotSignedUp"],
  ["clock", 403, "RequestTimeTooSkewed", "RequestInTheFuture"],
  ["throttled", 503, "SlowDown", "ServiceUnavailable", "RequestLimitExceeded", "503", "Unknown"],
  ["throttled", 503, "BandwidthLimitExceeded", "EC2ThrottledException"],
  ["throttled", 400, "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled"],
  ["throttled", 400, "RequestThrottledException", "ProvisionedThroughputExceededException"],
  ["throttled", 429, "TooManyRequestsException", "429"],
  ["not implemented", 501, "NotImplemented", "501"],
  ["server error", 500, "InternalError", "InternalServerError", "InternalFailure", "500", "Anything"],
  ["server error", 502, "502"],
];

const CONNECTION: readonly (readonly [kind: ErrorKind, ...codes: string[]])[] = [
  ["unreachable", "ECONNREFUSED", "ENOTFOUND", "EHOSTUNREACH", "ENETUNREACH", "EAI_AGAIN"],
  ["broken", "ECONNRESET", "EPIPE", "UND_ERR_SOCKET"],
  ["timeout", "ETIMEDOUT", "UND_ERR_CONNECT_TIMEOUT", "UND_ERR_HEADERS_TIMEOUT", "UND_ERR_BODY_TIMEOUT"],
];

describe("the kind of an error", () => {
  for (const [kind, status, ...codes] of CODES) {
    for (const code of codes) {
      it(`${status} ${code || "without a code"}: ${kind}`, () => {
        expect(kindOf(answer(code, status))).to.equal(kind);
      });
    }
  }

  for (const [kind, ...codes] of CONNECTION) {
    for (const code of codes) {
      it(`${code}: ${kind}`, () => expect(kindOf(failure({ code }))).to.equal(kind));
    }
  }

  it("is read from the code of a response that the SDK has no class for", () => {
    expect(kindOf(failure({ name: "S3ServiceException", Code: "SlowDown" }))).to.equal("throttled");
  });

  it("is a broken connection, not a time-out, where the SDK names a reset a time-out", () => {
    expect(kindOf(failure({ name: "TimeoutError" }))).to.equal("timeout");
    for (const code of ["ECONNRESET", "EPIPE"])
      expect(kindOf(failure({ name: "TimeoutError", code }))).to.equal("broken");
  });

  it("is unknown for anything else", () => {
    for (const error of [answer("NoSuchKey", 404), answer("400", 400), new TypeError("a bug"), "text", null])
      expect(kindOf(error)).to.equal(undefined);
  });
});

describe("troubleOf", () => {
  it("says in a few words why an attempt failed", () => {
    expect(troubleOf(failure({ name: "TimeoutError" }))).to.equal("no answer");
    expect(troubleOf(failure({ code: "ENOTFOUND" }))).to.equal("cannot be reached, ENOTFOUND");
    expect(troubleOf(failure({ code: "ECONNRESET" }))).to.equal("the connection breaks off");
    expect(troubleOf(answer("SlowDown", 503))).to.equal("503 SlowDown");
    expect(troubleOf(answer("Unknown", 503))).to.equal("503");
  });
});
