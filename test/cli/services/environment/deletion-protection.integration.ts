import { DeleteTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import {
  isProtectedByProgram,
  protectedTables,
  withDeletableTables,
} from "../../../../cli/services/environment/deletion-protection.ts";
import { startTestCloud, type TestCloud } from "../../../support/cloud.ts";
import { createTable } from "../../../support/tables.ts";

const TABLE = "aws:dynamodb/table:Table";
const PROTECTED = { urn: "urn:table", type: TABLE, protect: true };

describe("the protection of an environment's tables", () => {
  let cloud: TestCloud;
  let client: DynamoDBClient;
  before(async () => {
    cloud = await startTestCloud();
    client = new DynamoDBClient({
      region: "us-east-1",
      endpoint: cloud.env["AWS_ENDPOINT_URL"] ?? "",
      credentials: cloud.keys,
    });
    await createTable(client, "kept", ["id"], {}, { DeletionProtectionEnabled: true });
  });
  after(() => cloud.stop());

  const context = { dynamo: async () => client };
  const isProtected = async () => {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: "kept" }));
    return Table?.DeletionProtectionEnabled ?? false;
  };

  it("is restored after a failed deletion", async () => {
    const failure = new Error("the bucket is not empty");
    const run = withDeletableTables(context, ["kept", "gone-before"], async () => {
      expect(await isProtected()).to.equal(false);
      throw failure;
    });
    expect(await run.catch((error: unknown) => error)).to.equal(failure);
    expect(await isProtected()).to.equal(true);
  });

  it("is off during the deletion", async () => {
    await withDeletableTables(context, ["kept"], async () => {
      await client.send(new DeleteTableCommand({ TableName: "kept" }));
    });
  });

  it("is spawn's own for tables and buckets in an AWS account only", () => {
    expect(isProtectedByProgram("aws", PROTECTED)).to.equal(true);
    expect(isProtectedByProgram("local", PROTECTED)).to.equal(false);
    expect(isProtectedByProgram("aws", { ...PROTECTED, protect: false })).to.equal(false);
    expect(isProtectedByProgram("aws", { ...PROTECTED, type: "staging:index:StagedData" })).to.equal(false);
  });

  it("is read from the state", () => {
    const inputs = { name: "kept", deletionProtectionEnabled: true };
    expect(protectedTables([{ ...PROTECTED, inputs }, PROTECTED])).to.deep.equal(["kept"]);
  });
});
