import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { send, sha256, signed, type Wire } from "../local/signed-request.ts";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";

const form = (body: string): Wire => ({
  ...{ method: "POST", body },
  headers: { "content-type": "application/x-www-form-urlencoded" },
});
const json = (target: string, body: string): Wire => ({
  ...{ method: "POST", body },
  headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target },
});

/** A successful request to each service of the local cloud. */
const REQUESTS: Readonly<Record<string, Wire>> = {
  s3: { method: "PUT", path: "/signed-services", headers: { "x-amz-acl": "private" }, body: "" },
  dynamodb: json("DynamoDB_20120810.ListTables", '{"Limit":1}'),
  iam: form("Action=ListRoles&Version=2010-05-08"),
  sts: form("Action=GetCallerIdentity&Version=2011-06-15"),
  ec2: form("Action=DescribeVpcs&Version=2016-11-15"),
  autoscaling: form("Action=DescribeAutoScalingGroups&Version=2011-01-01"),
  ssm: json("AmazonSSM.GetParameters", '{"Names":["/x"]}'),
};

describe("signatures of every service of the local cloud", () => {
  let cloud: TestCloud;
  before("start a cloud", async () => {
    cloud = await startTestCloud();
  });
  after(() => cloud?.stop());

  it("are tested for each service below", async () => {
    const text = await readFile(join(packageRoot(), "local", "cloud", "server", "services.py"), "utf8");
    const served = [...text.matchAll(/^ {8}Service\("([a-z0-9-]+)"/gm)].map(([, name]) => name);
    expect(served).to.have.members(Object.keys(REQUESTS));
  });

  for (const [service, wire] of Object.entries(REQUESTS)) {
    it(`protect ${service}: each change of a request, and a signature of another key or service, is refused`, async () => {
      const { endpoint, keys } = cloud;
      const right = signed(endpoint, keys, service, wire);
      const headers = right.headers ?? {};
      const [name = "", value = ""] = Object.entries(wire.headers ?? {})[0] ?? [];
      const more = `${wire.body ?? ""} `;
      const other = service === "dynamodb" ? "ssm" : "dynamodb";
      const refused: Readonly<Record<string, Wire>> = {
        "no signature": { ...wire },
        "another secret": signed(endpoint, { ...keys, secretAccessKey: "test" }, service, wire),
        "an unknown key": signed(endpoint, { ...keys, accessKeyId: "AKIAUNKNOWN" }, service, wire),
        "signed for another service": signed(endpoint, keys, other, wire),
        "another header": { ...right, headers: { ...headers, [name]: `${value}1` } },
        "one more header": { ...right, headers: { ...headers, "x-amz-meta-more": "1" } },
        "another query": { ...right, query: "versioning=" },
        "another body": { ...right, body: more },
        "another body with its hash": {
          ...{ ...right, body: more },
          headers: { ...headers, "x-amz-content-sha256": sha256(more) },
        },
        "an unsigned body": {
          ...{ ...right, body: more },
          headers: { ...headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
        },
        "another time": { ...right, headers: { ...headers, "x-amz-date": "20200101T000000Z" } },
      };
      for (const [what, request] of Object.entries(refused)) {
        const { status, body } = await send(endpoint, request);
        expect(status, `${what}: ${body}`).to.be.oneOf([400, 403]);
      }
      const { status, body } = await send(endpoint, right);
      expect(status, body).to.equal(200);
    });
  }
});
