import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateMultipartUploadCommand,
  DeleteBucketLifecycleCommand,
  PutBucketTaggingCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { replicationPermissions } from "../../components/replication-policy.ts";
import { openAccess } from "../../connection/access.ts";
import { surveyFunction } from "../../provider/survey/function.ts";
import type { EnvironmentFacts, SurveyRequest } from "../../staging/resources/environment-facts.ts";
import { createTable } from "../support/tables.ts";
import { bucketOf, CloudFixture, PRIMARY, SECOND, TestContext, THIRD } from "./cloud-fixture.ts";

const NOW = new Date("2026-11-30T12:00:00Z");

describe("the survey of an environment", () => {
  const fixture = CloudFixture.forSuite();

  const survey = async (request: SurveyRequest): Promise<EnvironmentFacts> => {
    const run = surveyFunction({ s3: fixture.s3, now: () => NOW }, await openAccess("library"));
    const args = JSON.parse(JSON.stringify(request)) as Record<string, never>;
    return (await run(args, new TestContext())) as unknown as EnvironmentFacts;
  };

  it("reports missing resources", async () => {
    const facts = await survey({
      tables: [{ region: PRIMARY, name: "no-table" }],
      buckets: [{ region: PRIMARY, name: "no-such-bucket-here", data: true, settings: true }],
      role: "no-role",
    });
    expect(facts).to.deep.equal({
      tables: [{ region: PRIMARY, name: "no-table", exists: false, owner: {} }],
      buckets: [{ region: PRIMARY, name: "no-such-bucket-here", state: "none", owner: {}, inUse: false }],
      role: { name: "no-role", exists: false, owner: {}, buckets: [] },
      account: "000000000000",
      time: NOW.toISOString(),
    });
  });

  it("reports owners by tags, and the buckets of the role's policy", async () => {
    const Tags = [
      { Key: "spawn:environment", Value: "dev" },
      { Key: "spawn:bucket", Value: bucketOf(PRIMARY) },
    ];
    await createTable(new DynamoDBClient({ region: PRIMARY }), "owned", ["staging_id"], {}, { Tags });
    const TagSet = [
      { Key: "spawn:environment", Value: "prod" },
      { Key: "spawn:records-table", Value: "owned" },
    ];
    await fixture.s3
      .of(PRIMARY)
      .send(new PutBucketTaggingCommand({ Bucket: bucketOf(PRIMARY), Tagging: { TagSet } }));
    const iam = new IAMClient({ region: PRIMARY });
    const RoleName = "replicates";
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: "{}" }));
    const PolicyDocument = replicationPermissions(["one-bucket", "two-bucket"], "123456789012");
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "replicate", PolicyDocument }));
    const { tables, buckets, role } = await survey({
      tables: [{ region: PRIMARY, name: "owned" }],
      buckets: [{ region: PRIMARY, name: bucketOf(PRIMARY) }],
      role: RoleName,
    });
    expect(tables[0]?.owner).to.deep.equal({ environment: "dev", bucket: bucketOf(PRIMARY) });
    expect(buckets[0]).to.deep.include({
      state: "there",
      owner: { environment: "prod", recordsTable: "owned" },
    });
    expect(role).to.deep.equal({
      name: RoleName,
      exists: true,
      owner: {},
      buckets: ["one-bucket", "two-bucket"],
    });
  });

  it("counts an upload in progress as data, and reports a bucket's missing settings", async () => {
    const s3 = fixture.s3.of(SECOND);
    const look = async (region: string) => {
      const request = { region, name: bucketOf(region), data: true, settings: true };
      return (await survey({ tables: [], buckets: [request] })).buckets[0];
    };
    expect(await look(SECOND)).to.deep.include({ inUse: false, lacks: [] });
    await s3.send(new CreateMultipartUploadCommand({ Bucket: bucketOf(SECOND), Key: "stage-0/begun" }));
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket: bucketOf(SECOND) }));
    expect(await look(SECOND)).to.deep.include({ inUse: true, lacks: ["lifecycle"] });
  });

  it("finds a bucket in another region", async () => {
    const { buckets } = await survey({ tables: [], buckets: [{ region: PRIMARY, name: bucketOf(THIRD) }] });
    expect(buckets[0]?.state).to.be.oneOf(["elsewhere", "there"]);
  });
});
