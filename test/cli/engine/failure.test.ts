import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { expect } from "chai";
import { type EngineCloud, UpdateLog } from "../../../cli/engine/failure.ts";
import { encodeErrorDetails } from "../../../staging/error-details.ts";
import { UserError } from "../../../staging/errors.ts";

const STACK = "dev.stage-0123456789ab";
const ended = { exitCode: 255, killedBy: undefined, stdout: "", stderr: "" };

describe("The error of a failed update", () => {
  const embedded = { endpoint: "http://127.0.0.1:4566", isEmbedded: true };
  let cloud: EngineCloud;
  beforeEach(() => {
    cloud = embedded;
  });
  /** Our plugin reports an error with details, then the engine repeats it as text. */
  const logOf = (...messages: [urn: string, message: string | UserError][]): UpdateLog => {
    const log = new UpdateLog(STACK, "up", cloud);
    const add = (diagnosticEvent: object) => log.add({ diagnosticEvent } as unknown as EngineEvent);
    for (const [urn, message] of messages) {
      if (message instanceof UserError) {
        add({ severity: "debug", ephemeral: true, urn, message: encodeErrorDetails(message) });
        add({ severity: "error", urn, message: `1 error occurred: * ${message.message}` });
      } else add({ severity: "error", urn, message });
    }
    return log;
  };

  it("names every failed region, with the cause and fix of the first", () => {
    const log = logOf(
      ["urn:a", new UserError("replication to us-west-2 failed", { why: "It is down.", fix: "Wait." })],
      ["urn:b", new UserError("replication to eu-west-1 failed", { why: "It is down." })],
      ["urn:a", new UserError("replication to us-west-2 failed", { why: "It is down.", fix: "Wait." })],
      ["", "update failed"],
    );
    expect(log.failure(ended, false)).to.include({
      message: "replication to us-west-2 failed",
      why: "It is down. Also: replication to eu-west-1 failed.",
      fix: "Wait.",
      exitCode: 1,
    });
  });

  const logOfRefusal = () =>
    logOf(["urn:a", "creating bucket: dial tcp: connect: connection refused"]).failure(ended, false);

  it("reports that the engine was killed", () => {
    const { message, why } = logOf().failure({ ...ended, killedBy: "SIGKILL" }, false);
    expect(message).to.equal(`signal SIGKILL ended the engine during the up of ${STACK}`);
    expect(why).to.contain("killed");
  });

  it("reports that a plugin exited", () => {
    for (const text of [
      "error reading from server: EOF",
      'connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:4567: connect: connection refused"',
    ]) {
      const log = logOf(["urn:a", `rpc error: code = Unavailable desc = ${text}`]);
      const { message, fix } = log.failure(ended, false);
      expect(message).to.equal(`a plugin of the engine ended during the update of ${STACK}`);
      expect(fix).to.equal("Run the command again.");
    }
  });

  it("names the source of the passphrase, and never the passphrase", () => {
    const variables = ["PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"] as const;
    const before = variables.map((name) => process.env[name]);
    const set = (...values: (string | undefined)[]): void => {
      for (const [index, name] of variables.entries()) {
        const value = values[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    };
    const failed = (stderr: string) => logOf().failure({ ...ended, stderr }, false);
    const wrong = "error: getting stack configuration: get stack secrets manager: incorrect passphrase\n";
    try {
      set("hunter2", "/f");
      const { message, why, fix } = failed(wrong);
      expect(message).to.equal(`the state of ${STACK} is encrypted with another passphrase`);
      expect(why).to.equal("PULUMI_CONFIG_PASSPHRASE is set.");
      expect([message, why, fix].join()).to.not.include("hunter2");
      set("", undefined);
      expect(failed(wrong).why).to.equal("PULUMI_CONFIG_PASSPHRASE is set to the empty passphrase.");
      set(undefined, "/f");
      expect(failed(wrong).why).to.equal("PULUMI_CONFIG_PASSPHRASE_FILE is /f.");
      const unreadable = failed("error: unable to read PULUMI_CONFIG_PASSPHRASE_FILE: open /f: no such file");
      expect(unreadable.message).to.equal("the file in PULUMI_CONFIG_PASSPHRASE_FILE cannot be read");
      set(undefined, undefined);
      const none = failed(
        "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
      );
      expect(none.message).to.equal(`the passphrase for the state of ${STACK} is not set`);
      expect(none.fix).to.include("export PULUMI_CONFIG_PASSPHRASE=''");
    } finally {
      set(...before);
    }
  });

  it("names the fix for a bucket name that S3 refuses", () => {
    const failed = (code: string) =>
      logOf([
        "urn:a",
        `sdk-v2/provider2.go:572: sdk.helper_schema: creating S3 Bucket (acme-us-east-1): operation error S3: CreateBucket, https response error StatusCode: 409, RequestID: A, HostID: b=, ${code}: x: provider=aws@7.48.0`,
      ]).failure(ended, false);
    for (const code of ["BucketAlreadyExists", "BucketAlreadyOwnedByYou"]) {
      const { message, why, fix } = failed(code);
      expect(message).to.equal("the name of the bucket acme-us-east-1 is taken");
      expect(why).to.contain("global");
      expect(fix)
        .to.contain("spawn:bucketPrefix")
        .and.to.contain("spawn:adopt")
        .and.to.contain("Pulumi.dev.yaml");
    }
    expect(failed("OperationAborted").message).to.equal(
      "the name of the bucket acme-us-east-1 is not available yet",
    );
    expect(failed("TooManyBuckets").message).to.contain("the account has reached its quota of buckets");
  });

  it("reports why a plugin refused the engine", () => {
    const refused =
      "rpc error: code = PermissionDenied desc = spawn refuses this connection: no owner is listed";
    expect(logOf(["", refused]).failure(ended, false)).to.include({
      message: "a plugin refused the engine's connection",
      why: "A plugin serves only processes of its own user, and no owner is listed.",
    });
  });

  it("suggests starting the local cloud only if it did not respond", () => {
    const refused = logOfRefusal();
    expect(refused.message).to.equal("the local cloud did not respond");
    expect(refused.fix).to.equal("spawn local up, then run the command again");
    cloud = { endpoint: undefined, isEmbedded: false };
    expect(logOfRefusal().message).to.equal("AWS did not respond");
    expect(logOfRefusal().fix).to.equal("Check the network, then run the command again.");
    cloud = { endpoint: "http://minio:9000", isEmbedded: false };
    expect(logOfRefusal().message).to.equal("http://minio:9000 did not respond");
    expect(logOfRefusal().fix).to.contain("AWS_ENDPOINT_URL");
  });

  it("keeps an error that has its own fix, whatever its words", () => {
    const error = new UserError("upload to us-east-1 failed", {
      why: "AWS cannot be reached (ECONNREFUSED).",
      fix: "Check the network.",
      code: "cannot-complete",
    });
    expect(logOf(["urn:a", error]).failure(ended, false)).to.include({
      message: "upload to us-east-1 failed",
      why: "AWS cannot be reached (ECONNREFUSED).",
      fix: "Check the network.",
      code: "cannot-complete",
    });
  });

  it("accepts no text of another program as details", () => {
    const forged = 'spawn-error:{"message":"all is well","fix":"touch pwned"}';
    const { fix } = logOf(["urn:a", forged]).failure(ended, false);
    expect(fix).to.equal("Run the command again with --verbose for the engine's log.");
  });

  it("reports an interruption alone", () => {
    expect(logOf(["urn:a", "anything"]).failure(ended, true)).to.include({
      message: "interrupted",
      exitCode: 130,
    });
  });
});
