import { devNull } from "node:os";
import { expect } from "chai";
import type { CloudOfError } from "../../cli/aws-errors.ts";
import { Defect } from "../../cli/defect.ts";
import { explain } from "../../cli/errors.ts";
import { failureEnvelope, renderDetails, successEnvelope } from "../../cli/render/failure.ts";
import { resolveConnection } from "../../connection/connection.ts";
import type { Variables } from "../../connection/variables.ts";
import { InputError, UserError } from "../../staging/errors.ts";

const at = (environment: string, env: Variables): CloudOfError => ({
  environment,
  connection: resolveConnection({ AWS_CONFIG_FILE: devNull, AWS_SHARED_CREDENTIALS_FILE: devNull, ...env }),
});
const ENDPOINT = "http://127.0.0.1:4566";
const LOCAL = at("dev", { AWS_ENDPOINT_URL: ENDPOINT, SPAWN_CLOUD_ENDPOINT: ENDPOINT });
const AWS = at("prod", {});

const explained = (error: unknown, place: CloudOfError = LOCAL) =>
  explain(error, { command: { name: "spawn stage list", flags: ["region", "format"] }, at: place });

const awsError = (name: string, message = "from AWS") => Object.assign(new Error(message), { name });
const systemError = (code: string, message = `connect ${code}`) =>
  Object.assign(new Error(message), { code });

describe("errors", () => {
  it("keep an error for the user unchanged", () => {
    const error = new InputError("no", { fix: "yes" });
    expect(explained(error)).to.equal(error);
  });

  it("name the environment in their commands unless it is the default", () => {
    const fixAt = (place: CloudOfError) =>
      explained(new InputError("no", { fix: (_spell, command) => command("spawn stage list") }), place).fix;
    expect(fixAt(LOCAL)).to.equal("spawn stage list");
    expect(fixAt(AWS)).to.equal("spawn stage list --environment prod");
  });

  it("name the local cloud if it does not respond, whatever Node's wrapper", () => {
    const refused = systemError("ECONNREFUSED");
    for (const error of [
      refused,
      new AggregateError([refused], ""),
      new Error("failed", { cause: refused }),
    ]) {
      const { message, fix, exitCode } = explained(error);
      expect(message).to.equal("the local cloud is not answering at http://127.0.0.1:4566");
      expect(fix).to.equal("spawn local up, then run the command again");
      expect(exitCode).to.equal(1);
    }
  });

  it("name AWS or the user's endpoint if it does not respond", () => {
    expect(explained(systemError("ENOTFOUND"), AWS).message).to.equal("AWS is not answering");
    const own = explained(systemError("ECONNREFUSED"), at("prod", { AWS_ENDPOINT_URL: "http://minio:9000" }));
    expect(own.message).to.equal("http://minio:9000 is not answering");
    expect(own.fix).to.contain("AWS_ENDPOINT_URL");
  });

  it("explain a response without a body by its status", () => {
    const textless = (status: number) =>
      Object.assign(awsError(String(status), "UnknownError"), { $metadata: { httpStatusCode: status } });
    for (const [status, message] of [
      [403, "access was denied"],
      [503, "AWS is limiting the rate of requests"],
      [500, "AWS has a problem of its own"],
    ] as const) {
      expect(explained(textless(status), AWS)).to.include({
        message,
        why: `The answer was HTTP status ${status}, without a text.`,
      });
    }
    expect(explained(textless(418), AWS)).to.be.instanceOf(Defect);
  });

  it("have a fix for AWS's refusals", () => {
    const cases: [string, RegExp, RegExp][] = [
      [
        "ResourceNotFoundException",
        /^environment prod is not up$/,
        /^spawn environment up --environment prod$/,
      ],
      ["NoSuchBucket", /^environment prod is not up$/, /^spawn environment up --environment prod$/],
      ["CredentialsProviderError", /no valid AWS credentials/, /aws configure/],
      ["ExpiredTokenException", /have expired/, /aws sso login/],
      ["RequestTimeTooSkewed", /time of this machine/, /clock/],
      ["UnrecognizedClientException", /does not accept/, /AWS_PROFILE/],
      ["SignatureDoesNotMatch", /does not accept/, /get-caller-identity/],
      ["AccessDeniedException", /denied/, /^spawn environment policy stager --environment /],
      ["ThrottlingException", /rate/, /Wait/],
    ];
    for (const [name, message, fix] of cases) {
      const error = explained(awsError(name), AWS);
      expect(error.message, name).to.match(message);
      expect(error.fix, name).to.match(fix);
      // Without an environment, no operation has begun.
      expect(error.exitCode, name).to.equal(/not up/.test(error.message) ? 2 : 1);
      expect(error).to.not.be.instanceOf(Defect);
    }
  });

  it("treat any other error as a bug: one line, and how to report it", () => {
    const error = explained(new TypeError("x is not a function\n    at secret.js:1:1"));
    expect(error).to.be.instanceOf(Defect);
    expect(error.message).to.equal("unexpected failure: x is not a function");
    expect(error.fix).to.contain("--verbose").and.contain("spawn --version");
    expect(explained("a string").message).to.equal("unexpected failure: a string");
  });

  it("exit with 130 after an interruption", () => {
    const controller = new AbortController();
    controller.abort();
    expect(explained(controller.signal.reason).exitCode).to.equal(130);
    expect(explained(controller.signal.reason).message).to.equal("interrupted");
  });

  it("unwrap errors of a flag's own parser", () => {
    const error = new InputError("TTL 0 is too short");
    error.message = `Parsing --ttl \n\t${error.message}\nSee more help with --help`;
    expect(explained(error).message).to.equal("TTL 0 is too short");
  });

  it("have one envelope for success and failure", () => {
    expect(successEnvelope(0, undefined, [])).to.deep.equal({ status: 0, result: null, warnings: [] });
    expect(failureEnvelope(new UserError("m", { why: "w", exitCode: 1 }), ["careful"])).to.deep.equal({
      status: 1,
      error: { message: "m", why: "w" },
      warnings: ["careful"],
    });
  });

  it("show the stacks of all causes as details", () => {
    const text = renderDetails(new UserError("outer", { cause: new Error("inner") }));
    expect(text).to.match(/^UserError: outer\n\s+at [\s\S]*\ncaused by: Error: inner\n\s+at /);
  });
});
