import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { GITOPS } from "./workflows.ts";

interface Resource {
  readonly type: string;
  readonly props: Readonly<Record<string, unknown>>;
}

interface Rule {
  readonly name: string;
  readonly configSchema?: { readonly properties: Readonly<Record<string, { readonly default?: unknown }>> };
  readonly validateResource?: (args: object, report: (message: string) => void) => void;
  readonly validateStack?: (args: object, report: (message: string) => void) => void;
}

const rules = pathToFileURL(join(GITOPS, "policy", "rules.js")).href;
const { policies } = (await import(rules)) as { readonly policies: readonly Rule[] };

/** The violations of a rule in a stack. @param config replaces its defaults */
function violations(name: string, resources: readonly Resource[], config: object = {}): string[] {
  const rule = policies.find((each) => each.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  const defaults = Object.entries(rule.configSchema?.properties ?? {}).map(([key, each]) => [
    key,
    each.default,
  ]);
  const getConfig = () => ({ ...Object.fromEntries(defaults), ...config });
  const found: string[] = [];
  const report = (message: string) => found.push(message);
  for (const resource of resources) rule.validateResource?.({ ...resource, getConfig }, report);
  rule.validateStack?.({ resources, getConfig }, report);
  return found;
}

const expiration = (ttlDays: number): Resource => ({
  type: "staging:index:Expiration",
  props: { ttlDays, region: "us-east-1" },
});
const BLOCKED = {
  ...{ blockPublicAcls: true, blockPublicPolicy: true },
  ...{ ignorePublicAcls: true, restrictPublicBuckets: true },
};
const bucket = { type: "aws:s3/bucket:Bucket", props: { bucket: "b", region: "us-east-1" } };
const blockOf = (props: object): Resource => ({
  type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
  props: { bucket: "b", ...props },
});
const point = (publicAccessBlockConfiguration?: object): Resource => ({
  type: "aws:s3/accessPoint:AccessPoint",
  props: { name: "p", publicAccessBlockConfiguration },
});
const group = (maxSize: number): Resource => ({ type: "aws:autoscaling/group:Group", props: { maxSize } });

describe("the policies of examples/gitops", () => {
  it("limit the TTL", () => {
    expect(violations("ttl-limit", [expiration(1), expiration(60)])).to.deep.equal([]);
    expect(violations("ttl-limit", [expiration(61)])).to.deep.equal([
      "A TTL of 61 days is more than the limit of 60. Write ttl: 60 in the item and remove keep, which adds the days since the upload. A lower ttl must be more than these days.",
    ]);
    expect(violations("ttl-limit", [expiration(31)], { maxDays: 30 })).to.have.length(1);
  });

  it("limit the regions", () => {
    const data = (region?: string) => ({ type: "staging:index:StagedData", props: { region } });
    expect(violations("allowed-regions", [data("us-east-1"), data(), bucket])).to.deep.equal([]);
    expect(violations("allowed-regions", [data("sa-east-1")])).to.deep.equal([
      "The region sa-east-1 is not allowed. Use one of us-east-1, us-west-2, eu-west-1.",
    ]);
    expect(violations("allowed-regions", [bucket], { regions: ["eu-west-1"] })).to.have.length(1);
  });

  it("refuse public buckets and access points", () => {
    expect(violations("no-public-bucket", [blockOf(BLOCKED), point(BLOCKED)])).to.deep.equal([]);
    for (const open of [blockOf({ ...BLOCKED, blockPublicAcls: false }), point(), blockOf({})])
      expect(violations("no-public-bucket", [open])).to.have.length(1);
    const acl = { type: "aws:s3/bucketAcl:BucketAcl", props: { acl: "public-read" } };
    expect(violations("no-public-bucket", [acl])).to.deep.equal([
      "The ACL public-read makes a bucket public.",
    ]);
  });

  it("require a public access block for each bucket", () => {
    expect(violations("every-bucket-blocked", [bucket, blockOf(BLOCKED)])).to.deep.equal([]);
    expect(violations("every-bucket-blocked", [bucket])).to.deep.equal([
      "The bucket b has no public access block.",
    ]);
  });

  it("limit the workers of all sweeps together", () => {
    expect(violations("worker-cap", [group(100), group(100)])).to.deep.equal([]);
    expect(violations("worker-cap", [group(100), group(101)])).to.deep.equal([
      "201 workers are more than the limit of 200. Lower maxConcurrent of a sweep.",
    ]);
  });
});
