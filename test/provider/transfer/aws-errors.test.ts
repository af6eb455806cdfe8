import { expect } from "chai";
import { explainAwsError } from "../../../provider/transfer/aws-errors.ts";
import { InputError, UserError } from "../../../staging/errors.ts";

function awsError(name: string, status: number, message = "said AWS"): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: "R1" } });
}

describe("explainAwsError", () => {
  const saved = process.env["AWS_ENDPOINT_URL"];
  afterEach(() => {
    if (saved === undefined) delete process.env["AWS_ENDPOINT_URL"];
    else process.env["AWS_ENDPOINT_URL"] = saved;
  });

  const told = (error: unknown) => {
    const result = explainAwsError(error, "upload to us-east-1");
    expect(result).to.be.instanceOf(UserError);
    const { message, why, fix } = result as UserError;
    expect(message).to.equal("upload to us-east-1 failed");
    return { why, fix };
  };

  it("names the remedy for what has one", () => {
    expect(told(awsError("NoSuchBucket", 404)).fix).to.equal("spawn environment up");
    expect(told(awsError("ResourceNotFoundException", 400)).fix).to.equal("spawn environment up");
    expect(told(awsError("AccessDenied", 403)).why).to.equal("Access was denied: said AWS");
    expect(told(awsError("PermanentRedirect", 301)).why).to.contain("another region");
    expect(told(Object.assign(new Error("x"), { name: "CredentialsProviderError" })).fix).to.equal(
      "aws configure",
    );
  });

  it("tells a stopped local cloud from a lost network", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    process.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
    expect(told(refused)).to.deep.equal({
      why: "The endpoint http://127.0.0.1:1 cannot be reached (ECONNREFUSED).",
      fix: "spawn local up",
    });
    delete process.env["AWS_ENDPOINT_URL"];
    expect(told(refused).why).to.equal("AWS cannot be reached (ECONNREFUSED).");
  });

  it("passes on what AWS says of anything else, with the request's id", () => {
    expect(told(awsError("SlowDown", 503)).why).to.equal("SlowDown: said AWS (request R1)");
  });

  it("tells a connection that broke off from one that stalls, without the SDK's words", () => {
    const aborted = new Error("aborted\n  Deserialization error: inspect the hidden field {error}.$response");
    const broken = told(Object.assign(aborted, { code: "ECONNRESET", $metadata: { attempts: 6 } }));
    expect(broken.why).to.equal("The connection broke off again and again.");
    const stalled = told(Object.assign(new Error("@smithy/node-http-handler"), { name: "TimeoutError" }));
    expect(stalled.why).to.equal("The connection timed out.");
    for (const { fix } of [broken, stalled]) expect(fix).to.contain("run the command again");
    const strange = awsError("SyntaxError", 200, "Unexpected end\n  Deserialization error");
    expect(told(strange).why).to.equal("SyntaxError: Unexpected end (request R1)");
  });

  it("tells the status of an answer that had nothing else, as a HEAD's", () => {
    const text = (status: number) => `the answer was HTTP status ${status}, without a text.`;
    const error = (name: string, status: number) => awsError(name, status, "UnknownError");
    expect(told(error("403", 403)).why).to.equal(`Access was denied: ${text(403)}`);
    expect(told(error("Unknown", 503)).why).to.equal(`${text(503)} (request R1)`);
  });

  it("leaves alone what is told already, aborts and bugs", () => {
    for (const error of [
      new InputError("bad"),
      Object.assign(new Error("stop"), { name: "AbortError" }),
      new TypeError("a bug"),
    ]) {
      expect(explainAwsError(error, "x")).to.equal(error);
    }
  });
});
