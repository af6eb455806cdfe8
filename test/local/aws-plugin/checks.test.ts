import { expect } from "chai";
import type { Properties } from "../../../provider/plugin/types.ts";
import { UNKNOWN } from "../../../provider/plugin/values.ts";
import { caseOf, cases } from "./cases/index.ts";
import { handlerOf, testContext, types } from "./handlers.ts";

/*
 * Bad input is refused before any creation. Each row changes the good inputs of a case of that name in
 * cases/; undefined removes one.
 */
const rows: [name: string, change: Record<string, unknown>, property: string, reason: RegExp][] = [
  ["Bucket", { bucket: undefined }, "bucket", /required/],
  ["Bucket", { bucket: "ab" }, "bucket", /from 3 to 63 characters/],
  ["Bucket", { bucket: "a".repeat(64) }, "bucket", /from 3 to 63 characters/],
  ["Bucket", { bucket: "Upper" }, "bucket", /lower-case/],
  ["Bucket", { bucket: "under_score" }, "bucket", /lower-case/],
  ["Bucket", { bucket: "-dash" }, "bucket", /either end/],
  ["Bucket", { bucket: "two..dots" }, "bucket", /two dots/],
  ["Bucket", { bucket: "10.0.0.1" }, "bucket", /IP address/],
  ["Bucket", { bucket: "xn--bucket" }, "bucket", /reserves/],
  ["Bucket", { bucket: 1 }, "bucket", /expected a string, got 1/],
  ["Bucket", { forceDestroy: "yes" }, "forceDestroy", /true or false/],
  ["Bucket", { tags: { a: 1 } }, "tags", /"a" is not a string/],
  ["Bucket", { acl: "private" }, "acl", /does not support it/],
  ["BucketVersioning", { versioningConfiguration: undefined }, "versioningConfiguration", /required/],
  ["BucketVersioning", { versioningConfiguration: {} }, "versioningConfiguration.status", /required/],
  [
    "BucketVersioning",
    { versioningConfiguration: { status: "On" } },
    "versioningConfiguration.status",
    /one of "Enabled", "Suspended", "Disabled", got "On"/,
  ],
  [
    "BucketServerSideEncryptionConfiguration",
    { rules: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "DES" } }] },
    "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm",
    /one of "AES256"/,
  ],
  ["BucketServerSideEncryptionConfiguration", { rules: [] }, "rules", /at least 1/],
  ["BucketOwnershipControls", { rule: { objectOwnership: "Mine" } }, "rule.objectOwnership", /one of/],
  ["BucketPolicy", { policy: "{" }, "policy", /invalid JSON/],
  ["BucketLifecycleConfiguration", { rules: [{ status: "Enabled" }] }, "rules[0].id", /required/],
  [
    "BucketLifecycleConfiguration",
    {
      rules: [
        { id: "a", status: "Enabled" },
        { id: "a", status: "Enabled" },
      ],
    },
    "rules",
    /"a" is there twice/,
  ],
  [
    "BucketLifecycleConfiguration",
    { rules: [{ id: "a", status: "Enabled", expiration: { days: 0 } }] },
    "rules[0].expiration.days",
    /from 1/,
  ],
  [
    "BucketLifecycleConfiguration",
    { rules: [{ id: "a", status: "Enabled", expiration: { date: "tomorrow" } }] },
    "rules[0].expiration.date",
    /midnight in UTC/,
  ],
  [
    "BucketLifecycleConfiguration",
    { rules: [{ id: "a", status: "Enabled", filter: { prefix: "x", tag: { key: "k", value: "v" } } }] },
    "rules[0].filter",
    /belong into "and"/,
  ],
  [
    "BucketLifecycleConfiguration",
    { rules: [{ id: "i".repeat(256), status: "Enabled" }] },
    "rules[0].id",
    /255/,
  ],
  ["BucketReplicationConfig", { role: "replication" }, "role", /not the ARN of a role/],
  [
    "BucketReplicationConfig",
    { rules: [rule({ destination: { bucket: "name" } })] },
    "rules[0].destination.bucket",
    /not the ARN of a bucket/,
  ],
  [
    "BucketReplicationConfig",
    { rules: [rule({ status: "on" })] },
    "rules[0].status",
    /one of "Enabled", "Disabled"/,
  ],
  ["BucketReplicationConfig", { rules: [rule({}), rule({ id: "b" })] }, "rules[1].priority", /has 1 too/],
  ["AccessPoint", { name: "Upper" }, "name", /3 to 50/],
  ["AccessPoint", { name: "two--dashes" }, "name", /3 to 50/],
  ["AccessPoint", { policy: "no" }, "policy", /invalid JSON/],
  ["Role", { name: "a b" }, "name", /1 to 64/],
  ["Role", { name: "r".repeat(65) }, "name", /1 to 64/],
  ["Role", { path: "spawn" }, "path", /slash/],
  ["Role", { maxSessionDuration: 60 }, "maxSessionDuration", /from 3600 to 43200/],
  ["Role", { maxSessionDuration: 3600.5 }, "maxSessionDuration", /whole number/],
  ["Role", { assumeRolePolicy: undefined }, "assumeRolePolicy", /required/],
  ["Role", { managedPolicyArns: ["arn"] }, "managedPolicyArns", /does not support it/],
  ["RolePolicy", { name: undefined }, "name", /required/],
  ["RolePolicyAttachment", { policyArn: "ReadOnly" }, "policyArn", /not the ARN of a managed policy/],
  ["InstanceProfile", { name: "p".repeat(129) }, "name", /1 to 128/],
  ["InstanceProfile", { path: "spawn" }, "path", /slash/],
  ["SecurityGroup", { name: "sg-mine" }, "name", /begin with sg-/],
  ["SecurityGroup", { description: "naïve" }, "description", /1 to 255/],
  ["SecurityGroup", { ingress: [{ protocol: "tcp" }] }, "ingress[0].fromPort", /required/],
  [
    "SecurityGroup",
    { egress: [{ protocol: "-1", fromPort: 0, toPort: 65_535, cidrBlocks: ["0.0.0.0/0"] }] },
    "egress[0]",
    /must be 0/,
  ],
  ["SecurityGroup", { egress: [port(443), port(443)] }, "egress", /is there twice/],
  ["SecurityGroup", { revokeRulesOnDelete: true }, "revokeRulesOnDelete", /does not support it/],
  ["LaunchTemplate", { name: "no spaces" }, "name", /3 to 128/],
  ["LaunchTemplate", { userData: "#!/bin/sh" }, "userData", /must be base64/],
  [
    "LaunchTemplate",
    { userData: Buffer.alloc(16_385).toString("base64") },
    "userData",
    /16385 bytes before base64, and AWS takes at most 16384/,
  ],
  [
    "LaunchTemplate",
    { iamInstanceProfile: { name: "a", arn: "arn:aws:iam::123456789012:instance-profile/a" } },
    "iamInstanceProfile",
    /one of them/,
  ],
  [
    "LaunchTemplate",
    { metadataOptions: { httpPutResponseHopLimit: 0 } },
    "metadataOptions.httpPutResponseHopLimit",
    /from 1 to 64/,
  ],
  [
    "LaunchTemplate",
    { blockDeviceMappings: [{ ebs: { encrypted: true } }] },
    "blockDeviceMappings[0].ebs.encrypted",
    /expected a string/,
  ],
  ["Group", { name: "a:b" }, "name", /no colon/],
  ["Group", { maxSize: undefined }, "maxSize", /required/],
  ["Group", { mixedInstancesPolicy: undefined }, "mixedInstancesPolicy", /exactly one/],
  ["Group", { launchTemplate: { id: "lt-1" } }, "mixedInstancesPolicy", /exactly one/],
  ["Group", { availabilityZones: ["us-west-2a"] }, "availabilityZones", /conflicts/],
  ["Group", { waitForCapacityTimeout: "ten minutes" }, "waitForCapacityTimeout", /not a duration/],
  ["Group", { tags: [tag("a"), tag("a")] }, "tags", /"a" is there twice/],
  [
    "Group",
    { mixedInstancesPolicy: { launchTemplate: { launchTemplateSpecification: {} } } },
    "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification",
    /needs a launchTemplateId/,
  ],
  ["Group", { warmPool: {} }, "warmPool", /does not support it/],
  ["Table", { name: "ab" }, "name", /3 to 255/],
  ["Table", { billingMode: undefined }, "billingMode", /PAY_PER_REQUEST/],
  ["Table", { billingMode: "FREE" }, "billingMode", /one of/],
  ["Table", { attributes: [{ name: "id", type: "X" }] }, "attributes[0].type", /one of "S", "N", "B"/],
  ["Table", { hashKey: "nowhere" }, "attributes", /not declared: nowhere/],
  ["Table", { globalSecondaryIndexes: [] }, "attributes", /no key of the table or an index: kind, at/],
  ["Table", { ttl: { enabled: true } }, "ttl", /attributeName/],
  ["Table", { pointInTimeRecovery: {} }, "pointInTimeRecovery.enabled", /required/],
  [
    "Table",
    { globalSecondaryIndexes: [index({ hashKey: undefined })] },
    "globalSecondaryIndexes[0]",
    /hashKey/,
  ],
  [
    "Table",
    { globalSecondaryIndexes: [index({ keySchemas: [{ attributeName: "at", keyType: "HASH" }] })] },
    "globalSecondaryIndexes[0]",
    /besides/,
  ],
  [
    "Table",
    { globalSecondaryIndexes: [index({ projectionType: "INCLUDE" })] },
    "globalSecondaryIndexes[0]",
    /nonKey/,
  ],
  ["TableItem", { item: "no" }, "item", /not valid JSON/],
  ["TableItem", { item: '{"id":"x"}' }, "item", /attribute id/],
  ["TableItem", { item: '{"name":{"S":"x"}}' }, "item", /lacks the attribute id/],
  ["TableItem", { rangeKey: "n" }, "item", /lacks the attribute n/],
];

function port(number: number): object {
  return { protocol: "tcp", fromPort: number, toPort: number, cidrBlocks: ["0.0.0.0/0"] };
}

function tag(key: string): object {
  return { key, value: "x", propagateAtLaunch: true };
}

function rule(more: object): object {
  return {
    id: "a",
    status: "Enabled",
    priority: 1,
    filter: { prefix: "" },
    destination: { bucket: "arn:aws:s3:::conf-east" },
    deleteMarkerReplication: { status: "Disabled" },
    ...more,
  };
}

function index(more: object): object {
  return { name: "by-kind", hashKey: "kind", projectionType: "ALL", ...more };
}

describe("inputs of the aws plugin", () => {
  for (const [name, change, property, reason] of rows) {
    it(`${name}: ${JSON.stringify(change, (_, value) => value ?? null).slice(0, 90)}`, async () => {
      const { handler, inputs } = await good(name);
      const { failures = [] } =
        (await handler.check?.({ ...inputs, ...change } as Properties, undefined, testContext())) ?? {};
      expect(failures.map((failure) => failure.property)).to.include(property);
      expect(failures.find((failure) => failure.property === property)?.reason).to.match(reason);
    });
  }

  for (const { name, inputs } of cases) {
    it(`${name}: any value may be unknown`, async () => {
      const { handler } = await good(name);
      for (const key of Object.keys(inputs)) {
        const news = { ...inputs, [key]: UNKNOWN };
        const result = await handler.check?.(news, undefined, testContext());
        expect(result?.failures, key).to.deep.equal([]);
        expect(result?.inputs, key).to.have.property(key, UNKNOWN);
        const { replaces, updates } = await handler.diff("id", inputs, inputs, result?.inputs ?? {});
        expect([...replaces, ...updates], `a difference in ${key}`).to.include(key);
      }
    });
  }

  it("has a case for every type", () => {
    expect([...new Set(cases.map(({ type }) => type))]).to.have.members(types);
  });

  it("fills in the defaults of the official provider", async () => {
    const { handler, inputs } = await good("Role");
    const result = await handler.check?.(inputs, undefined, testContext());
    expect(result?.inputs).to.include({ path: "/", maxSessionDuration: 3600, forceDetachPolicies: false });
  });

  it("accepts a policy as an object and serializes it, unless it contains an unknown value", async () => {
    const { handler, inputs } = await good("BucketPolicy");
    const policyOf = async (policy: Properties) =>
      (await handler.check?.({ ...inputs, policy }, undefined, testContext()))?.inputs["policy"];
    expect(await policyOf({ Version: "2012-10-17" })).to.equal('{"Version":"2012-10-17"}');
    expect(await policyOf({ Statement: [{ Resource: UNKNOWN }] })).to.equal(UNKNOWN);
  });
});

async function good(name: string) {
  const { type, inputs } = caseOf(name);
  return { handler: await handlerOf(type), inputs };
}
