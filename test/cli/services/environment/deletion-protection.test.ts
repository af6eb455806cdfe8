import { expect } from "chai";
import { openSession } from "../../../../cli/engine/session.ts";
import {
  isProtectedByProgram,
  protectedTables,
  unprotect,
  withDeletableTables,
} from "../../../../cli/services/environment/deletion-protection.ts";
import { STAGED_DATA } from "../../../../staging/resources/tokens.ts";
import { awsError, errorOf, failureOf } from "../../../support/failure.ts";
import { Machine } from "../machine.ts";

const TABLE = "aws:dynamodb/table:Table";

describe("the protection against deletion", () => {
  const machine = Machine.forEachTest();
  let flags: unknown[];
  beforeEach(() => {
    flags = [];
  });

  it("is spawn's own only for tables and buckets on AWS; any other is a user's", () => {
    for (const [cloud, type, protect, expected] of [
      ["aws", TABLE, true, true],
      ["aws", TABLE, false, false],
      ["aws", STAGED_DATA, true, false],
      ["local", TABLE, true, false],
    ] as const)
      expect(isProtectedByProgram(cloud, { type, protect }), `${cloud} ${type}`).to.equal(expected);
  });

  it("of DynamoDB applies to the tables whose state has it", () => {
    const table = (name: unknown, deletionProtectionEnabled: unknown) => ({
      ...{ urn: "urn:table", type: TABLE, inputs: { name, deletionProtectionEnabled } },
    });
    expect(
      protectedTables([table("a", true), table("b", false), table(7, true), { urn: "urn:x", type: TABLE }]),
    ).to.deep.equal(["a"]);
  });

  const context = () =>
    machine.context({
      dynamo: (_command, { TableName, ...input }) => {
        flags.push([TableName, (input as { DeletionProtectionEnabled?: boolean }).DeletionProtectionEnabled]);
        return TableName === "gone" ? awsError("ResourceNotFoundException") : {};
      },
    });

  it("is removed before the deletion; a missing table is no error", async () => {
    const deletion = async () => flags.push("deleted");
    await withDeletableTables(context(), ["a", "gone"], deletion);
    expect(flags).to.deep.equal([["a", false], ["gone", false], "deleted"]);
  });

  it("is restored after a failure, which remains the error", async () => {
    const failure = new Error("the deletion failed");
    const error = await errorOf(withDeletableTables(context(), ["a"], () => Promise.reject(failure)));
    expect(error).to.equal(failure);
    expect(flags).to.deep.equal([
      ["a", false],
      ["a", true],
    ]);
  });

  it("of the engine is removed by one command, or the deletion does not start", async () => {
    const { environmentProject } = await openSession(machine.context());
    await unprotect(environmentProject, "dev", []);
    expect(await machine.log()).to.deep.equal([]);
    const resources = [{ urn: "urn:a", type: TABLE }];
    await unprotect(environmentProject, "dev", resources);
    expect(await machine.log()).to.deep.equal(["pulumi state unprotect urn:a"]);
    await machine.engine("state-unprotect", "echo 'error: locked' >&2; exit 1");
    expect(await failureOf(unprotect(environmentProject, "dev", resources))).to.include({
      message: "the tables and buckets of dev could not be made ready for deletion",
      why: "locked",
    });
  });
});
