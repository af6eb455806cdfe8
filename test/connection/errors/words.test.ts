import { devNull } from "node:os";
import { expect } from "chai";
import { resolveConnection } from "../../../connection/connection.ts";
import { detailOf, explainFailure, sentencesOf } from "../../../connection/errors/words.ts";
import type { Variables } from "../../../connection/variables.ts";
import { asFlag, inWords } from "../../../staging/option.ts";

const failure = (properties: object, message = "said AWS"): Error =>
  Object.assign(new Error(message), properties);
const answer = (name: string, status: number, message?: string): Error =>
  failure({ name, $metadata: { httpStatusCode: status, requestId: "R1" } }, message);
const connectionOf = (env: Variables) =>
  resolveConnection({ AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull, ...env });

const AWS = { connection: connectionOf({}), environment: "prod" };
const MINIO = { connection: connectionOf({ AWS_ENDPOINT_URL: "http://minio:9000" }) };
const LOCAL_URL = "http://127.0.0.1:4566";
const LOCAL = {
  connection: connectionOf({ AWS_ENDPOINT_URL: LOCAL_URL, SPAWN_CLOUD_ENDPOINT: LOCAL_URL }),
};

const of = (error: unknown, context: Parameters<typeof explainFailure>[1] = AWS) => {
  const found = explainFailure(error, context);
  if (found === undefined) throw new Error("not explained");
  const { message } = found;
  const fix = found.fix && inWords(found.fix, asFlag, (command) => `${command} --environment prod`);
  return { message, detail: detailOf(found), sentences: sentencesOf(found), fix };
};

describe("the explanation of a failed request", () => {
  const rows: readonly [error: Error, message: RegExp, fix: RegExp][] = [
    [answer("NoSuchBucket", 404), /^the bucket does not exist$/, /^spawn environment up --environment prod$/],
    [answer("ResourceNotFoundException", 400), /^the table does not exist$/, /^spawn environment up/],
    [answer("PermanentRedirect", 301), /in another region/, /spawn:buckets in Pulumi\.prod\.yaml/],
    [answer("ExpiredToken", 400), /^the AWS credentials have expired$/, /aws sso login/],
    [answer("InvalidAccessKeyId", 403), /^AWS does not accept the credentials$/, /AWS_PROFILE/],
    [answer("AccessDenied", 403), /^access was denied$/, /^spawn environment policy .* --environment prod/],
    [answer("RequestTimeTooSkewed", 403), /time of this machine/, /clock/],
    [answer("SlowDown", 503), /rate of requests/, /Wait/],
    [answer("InternalError", 500), /problem of its own/, /Wait/],
    [answer("NotImplemented", 501), /does not have an operation/, /AWS_ENDPOINT_URL/],
    [failure({ code: "ENOTFOUND" }), /^AWS is not answering$/, /network/],
    [failure({ code: "ECONNRESET" }), /^AWS is not answering$/, /network/],
    [failure({ name: "TimeoutError" }), /^AWS is not answering$/, /HTTPS_PROXY/],
  ];
  for (const [error, message, fix] of rows) {
    it(`has a fix: ${error.name} ${"code" in error ? error.code : ""}`, () => {
      expect(of(error).message).to.match(message);
      expect(of(error).fix).to.match(fix);
    });
  }

  it("has no fix for another refusal, but AWS's message", () => {
    const { sentences, fix } = of(answer("InvalidObjectState", 403));
    expect(sentences).to.equal("AWS refused the request: InvalidObjectState: said AWS (request R1)");
    expect(fix).to.equal(undefined);
  });

  it("finds the error among the causes", () => {
    expect(of(new Error("outer", { cause: answer("SlowDown", 503) })).message).to.match(/rate/);
    expect(of(new AggregateError([failure({ code: "EPIPE" })], "")).message).to.match(/not answering/);
  });

  it("names the status of a response without a body, as that to a HEAD", () => {
    const { sentences, detail } = of(answer("403", 403, "UnknownError"));
    expect(sentences).to.equal("Access was denied: the answer was HTTP status 403, without a text.");
    expect(detail).to.equal("The answer was HTTP status 403, without a text.");
  });

  it("names the server that does not respond", () => {
    for (const [properties, why] of [
      [{ code: "ECONNRESET" }, "The connection broke off again and again."],
      [{ name: "TimeoutError" }, "The connection timed out."],
    ] as const) {
      expect(of(failure(properties), MINIO)).to.deep.equal({
        message: "http://minio:9000 is not answering",
        detail: why,
        sentences: `http://minio:9000 is not answering. ${why}`,
        fix: "Check AWS_ENDPOINT_URL and the network.",
      });
      expect(of(failure(properties), LOCAL)).to.include({
        message: `the local cloud is not answering at ${LOCAL_URL}`,
        fix: "spawn local up, then run the command again",
      });
    }
  });

  it("is not made for other errors", () => {
    for (const error of [new TypeError("a bug"), answer("NoSuchKey", 404), answer("400", 400), "text"])
      expect(explainFailure(error, AWS)).to.equal(undefined);
  });
});
