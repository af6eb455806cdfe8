import { expect } from "chai";
import { explainAwsError, type Transfer } from "../../../provider/store/explain.ts";
import { NoAnswerError, noteRegion } from "../../../provider/store/no-answer.ts";
import { InputError, UserError } from "../../../staging/errors.ts";
import { asKey } from "../../../staging/option.ts";

function awsError(name: string, status: number, message = "said AWS"): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode: status, requestId: "R1" } });
}

describe("explainAwsError", () => {
  const names = ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "SPAWN_CLOUD_ENDPOINT"] as const;
  const saved = names.map((name) => process.env[name]);
  beforeEach(() => {
    for (const name of names) delete process.env[name];
  });
  afterEach(() => {
    for (const [index, name] of names.entries()) {
      if (saved[index] === undefined) delete process.env[name];
      else process.env[name] = saved[index];
    }
  });

  const told = (error: unknown) => {
    const result = explainAwsError(error, "upload to us-east-1");
    expect(result).to.be.instanceOf(UserError);
    const { message, why, fix } = result as UserError;
    expect(message).to.equal("upload to us-east-1 failed");
    return { why, fix };
  };

  it("has the known fixes", () => {
    expect(told(awsError("NoSuchBucket", 404)).fix).to.equal("spawn environment up");
    expect(told(awsError("ResourceNotFoundException", 400)).fix).to.equal("spawn environment up");
    expect(told(awsError("AccessDenied", 403)).why).to.equal("Access was denied: said AWS");
    expect(told(awsError("PermanentRedirect", 301)).why).to.contain("another region");
    expect(told(Object.assign(new Error("x"), { name: "CredentialsProviderError" })).fix).to.match(
      /^aws configure/,
    );
  });

  it("distinguishes a stopped local cloud from a lost network", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    process.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1";
    expect(told(refused).fix).to.equal("Check AWS_ENDPOINT_URL, or unset it, then run the command again.");
    process.env["SPAWN_CLOUD_ENDPOINT"] = "http://127.0.0.1:1";
    expect(told(refused)).to.deep.equal({
      why: "The local cloud is not answering at http://127.0.0.1:1. It was stopped, or it is still starting (ECONNREFUSED).",
      fix: "spawn local up, then run the command again",
    });
    delete process.env["AWS_ENDPOINT_URL"];
    expect(told(refused).why).to.equal("AWS is not answering. It cannot be reached (ECONNREFUSED).");
  });

  describe("of a transfer", () => {
    const upload = { what: "upload", region: "us-east-1", bucket: "b" } as const;
    const replication = { what: "replication", region: "us-west-2", bucket: "b" } as const;
    const of = (error: unknown, doing: Transfer) => explainAwsError(error, doing) as UserError;

    it("reports a time-out, its duration, and the option that extends it", () => {
      const silence = new NoAnswerError("us-east-1", 300);
      const { message, why, fix } = of(silence, upload);
      expect(message).to.equal("upload failed: connection timeout");
      expect(why).to.contain("S3 in us-east-1 gave no answer for 300 s");
      expect(fix).to.contain("--timeout 3600").and.contain("--multipart");
      expect(of(silence, upload).spelled(asKey).fix)
        .to.contain("timeout: 3600")
        .and.contain("multipart: true");
      expect(of(silence, replication).message).to.equal(
        "replication failed: connection timeout in us-west-2",
      );
    });

    it("reports the denied principal and resource, and how to grant access", () => {
      const { message, why, fix } = of(awsError("AccessDenied", 403, "Access Denied"), replication);
      expect(message).to.equal("replication failed: access denied in us-west-2");
      expect(why).to.equal("Access was denied: Access Denied");
      expect(fix).to.match(/^spawn environment policy stager prints the necessary permissions: /);
    });

    it("names the missing permission and the policy that has it", () => {
      const denied = (action: string) =>
        of(
          awsError(
            "AccessDenied",
            403,
            `User: arn:aws:iam::1:user/u is not authorized to perform: ${action} on x`,
          ),
          upload,
        ).fix;
      expect(denied("s3:PutObject")).to.match(/^spawn environment policy stager prints s3:PutObject and/);
      expect(denied("s3:GetObject")).to.match(/^spawn environment policy reader prints s3:GetObject and/);
      expect(denied("s3:GetBucketPolicy")).to.match(/^spawn environment policy operator prints/);
    });

    it("names the region that denied access, which may be the replica's source", () => {
      const error = awsError("AccessDenied", 403);
      noteRegion(error, "us-east-1");
      expect(of(error, replication).message).to.equal("replication failed: access denied in us-east-1");
    });

    it("reports no other refusal as a denial", () => {
      const text = "The operation is not valid for the object's storage class";
      const { message, why, fix } = of(awsError("InvalidObjectState", 403, text), upload);
      expect(message).to.equal("upload to us-east-1 (bucket b) failed");
      expect(why).to.equal(`AWS refused the request: InvalidObjectState: ${text} (request R1)`);
      expect(fix).to.equal(undefined);
      for (const name of ["AccountProblem", "InvalidPayer"]) {
        expect(of(awsError(name, 403), upload).why).to.equal(
          `AWS refused the request: ${name}: said AWS (request R1)`,
        );
      }
      expect(of(awsError("RequestTimeTooSkewed", 403), upload).why).to.equal(
        "AWS does not accept the time of this machine: said AWS",
      );
      for (const name of [
        "AccessDenied",
        "AllAccessDisabled",
        "Forbidden",
        "403",
        "Unknown",
        "UnknownError",
      ]) {
        expect(of(awsError(name, 403), upload).why).to.match(/^Access was denied/);
      }
    });

    it("describes any other failure by the operation", () => {
      expect(of(awsError("SlowDown", 503), upload).message).to.equal("upload to us-east-1 (bucket b) failed");
    });
  });

  it("distinguishes missing, expired and invalid credentials", () => {
    const expired = told(awsError("ExpiredToken", 400, "The provided token has expired."));
    expect(expired.why).to.equal("The AWS credentials have expired: The provided token has expired.");
    expect(expired.fix).to.contain("aws sso login");
    const bad = told(awsError("InvalidAccessKeyId", 403));
    expect(bad.why).to.equal("AWS does not accept the credentials: said AWS");
    expect(bad.fix).to.contain("AWS_PROFILE");
  });

  it("passes on AWS's message for any other error, with the request ID", () => {
    expect(told(awsError("MalformedXML", 400)).why).to.equal("MalformedXML: said AWS (request R1)");
    expect(told(awsError("SlowDown", 503))).to.deep.equal({
      why: "AWS is limiting the rate of requests: SlowDown: said AWS (request R1)",
      fix: "Wait a minute, then run the command again.",
    });
  });

  it("distinguishes a broken connection from a stalled one, without the SDK's words", () => {
    const aborted = new Error("aborted\n  Deserialization error: inspect the hidden field {error}.$response");
    const broken = told(Object.assign(aborted, { code: "ECONNRESET", $metadata: { attempts: 6 } }));
    expect(broken.why).to.equal("AWS is not answering. The connection broke off again and again.");
    expect(broken.fix).to.contain("Check the network");
    const stalled = Object.assign(new Error("@smithy/node-http-handler"), { name: "TimeoutError" });
    expect(explainAwsError(stalled, "upload to us-east-1")).to.include({
      message: "upload to us-east-1 failed: connection timeout",
      why: "The connection timed out.",
    });
    const strange = awsError("SyntaxError", 200, "Unexpected end\n  Deserialization error");
    expect(told(strange).why).to.equal("SyntaxError: Unexpected end (request R1)");
  });

  it("names the status of a response without a body, as that to a HEAD", () => {
    const text = (status: number) => `the answer was HTTP status ${status}, without a text.`;
    const error = (name: string, status: number) => awsError(name, status, "UnknownError");
    expect(told(error("403", 403)).why).to.equal(`Access was denied: ${text(403)}`);
    expect(told(error("Unknown", 503)).why).to.equal(
      `AWS is limiting the rate of requests: ${text(503)} (request R1)`,
    );
  });

  it("leaves explained errors, aborts and bugs unchanged", () => {
    for (const error of [
      new InputError("bad"),
      Object.assign(new Error("stop"), { name: "AbortError" }),
      new TypeError("a bug"),
    ]) {
      expect(explainAwsError(error, "x")).to.equal(error);
    }
  });
});
