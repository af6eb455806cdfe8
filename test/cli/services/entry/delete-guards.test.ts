import { expect } from "chai";
import type { StateResource } from "../../../../cli/engine/state.ts";
import { idsIn, refuseProtected } from "../../../../cli/services/entry/delete-guards.ts";
import { lockedError } from "../../../../cli/services/environment/object-locks.ts";
import { testId } from "../../records.ts";

const STACK = "dev.stage-0123456789ab";
const AGAIN = "spawn stage delete stage-0123456789ab --yes";
const resource = (name: string, rest: Partial<StateResource> = {}): StateResource => ({
  ...{
    urn: `urn:pulumi:${STACK}::spawn::staging:index:StagedData::${name}`,
    type: "staging:index:StagedData",
  },
  ...rest,
});

describe("An obstacle to a deletion", () => {
  const refusal = (...resources: StateResource[]): { message: string; fix: string } => {
    try {
      refuseProtected(STACK, resources, { what: "stage-0123456789ab", again: AGAIN, environment: "dev" });
    } catch (error) {
      return error as { message: string; fix: string };
    }
    return { message: "", fix: "" };
  };

  it("does not exist if no resource is protected", () => {
    expect(refusal(resource("a"), resource("b", { protect: false }))).to.have.property("message", "");
  });

  for (const [what, resources, commands] of [
    [
      "one protected resource",
      [resource("a", { protect: true }), resource("b")],
      [`pulumi state unprotect '${resource("a").urn}' --yes --stack organization/spawn/${STACK}`],
    ],
    [
      "several",
      [resource("a", { protect: true }), resource("b", { protect: true })],
      [`pulumi state unprotect --all --yes --stack organization/spawn/${STACK}`],
    ],
    [
      "one that is retained",
      [resource("a", { retainOnDelete: true })],
      [
        `pulumi stack export --stack organization/spawn/${STACK} | sed 's/"retainOnDelete": true/"retainOnDelete": false/' | pulumi stack import --stack organization/spawn/${STACK}`,
      ],
    ],
  ] as const) {
    it(`is named with a command that works: ${what}`, () => {
      const { message, fix } = refusal(...resources);
      expect(message).to.contain("stage-0123456789ab is protected and was not deleted");
      expect(fix).to.equal(`eval "$(spawn env)"; ${[...commands, AGAIN].join(" && ")}`);
    });
  }

  it("is an S3 lock, named with the object and the command that releases a hold", () => {
    const lock = { bucket: "mine", region: "us-east-1", key: "stage-x/it's", versionId: "v1" };
    const held = lockedError(testId(1), [{ ...lock, until: undefined }], "nothing", AGAIN);
    expect(held.why).to.contain("s3://mine/stage-x/it's has a legal hold. Nothing was deleted");
    expect(held.fix).to.equal(
      `aws s3api put-object-legal-hold --bucket mine --key 'stage-x/it'\\''s' --version-id v1 --legal-hold Status=OFF --region us-east-1 && ${AGAIN}`,
    );
    const until = new Date("2030-01-01T00:00:00Z");
    const retained = lockedError(testId(1), [{ ...lock, until }], "some", AGAIN);
    expect(retained.why).to.contain("a retention until 2030-01-01T00:00:00.000Z. Locked data stay");
    expect(retained.fix).to.equal(`Once the retention is over: ${AGAIN}`);
  });

  it("names the entries of a state, each once", () => {
    const of = (stagingId: unknown) => resource("x", { inputs: { stagingId } });
    expect(
      idsIn([of(testId(1)), of(testId(2)), of(testId(1)), of(7), of("../other"), resource("y")]),
    ).to.deep.equal([testId(1), testId(2)]);
  });
});
