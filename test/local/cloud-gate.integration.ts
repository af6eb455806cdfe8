import { GetObjectCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { keysOfAccount } from "../../local/cloud/keys.ts";
import { runCommand } from "../../local/command.ts";
import { spawnPaths } from "../../local/paths.ts";
import { pythonIn } from "../../local/python-environment.ts";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";
import { type Answered, send, sha256, signed, type Wire } from "./signed-request.ts";

const BUCKET = "private-data";
const LIST_TABLES: Wire = {
  method: "POST",
  headers: { "x-amz-target": "DynamoDB_20120810.ListTables", "content-type": "application/x-amz-json-1.0" },
  body: "{}",
};
const WHO: Wire = {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: "Action=GetCallerIdentity&Version=2011-06-15",
};

describe("the gate of the local cloud", () => {
  let cloud: TestCloud;
  let endpoint: string;
  const python = pythonIn(spawnPaths().venv);

  before(async () => {
    cloud = await startTestCloud();
    endpoint = cloud.endpoint;
    expect((await s3({ method: "PUT", path: `/${BUCKET}` })).status).to.equal(200);
    expect((await s3({ method: "PUT", path: `/${BUCKET}/secret.txt`, body: "secret" })).status).to.equal(200);
  });
  after(() => cloud?.stop());
  // Every test must leave the data unchanged.
  afterEach(async () => {
    expect(await s3({ path: `/${BUCKET}/secret.txt` })).to.include({ status: 200, body: "secret" });
  });

  const sign = (wire: Wire, service = "s3") => signed(endpoint, cloud.keys, service, wire);
  const s3 = (wire: Wire) => send(endpoint, sign(wire));

  function expectRefused(answered: Answered, what: string): void {
    expect(answered.status, `${what}: ${answered.body}`).to.be.within(400, 405);
    expect(answered.body, what).to.not.include("secret.txt");
    expect(answered.body, what).to.not.equal("secret");
    expectNoCors(answered, what);
  }
  function expectNoCors({ headers }: Answered, what: string): void {
    expect(
      Object.keys(headers).filter((name) => name.startsWith("access-control-")),
      what,
    ).to.deep.equal([]);
  }

  it("serves S3, DynamoDB, IAM and STS to clients with the key, and lets no web page read the responses", async () => {
    const requests: [string, Wire][] = [
      ["s3", {}],
      ["s3", { path: `/${BUCKET}`, query: "list-type=2&prefix=a%20b%2F%C3%A9" }],
      ["dynamodb", LIST_TABLES],
      ["iam", { ...WHO, body: "Action=ListRoles&Version=2010-05-08" }],
      ["sts", WHO],
    ];
    for (const [service, wire] of requests) {
      const answered = await send(endpoint, sign(wire, service));
      expect(answered.status, `${service} ${answered.body}`).to.equal(200);
      expectNoCors(answered, service);
    }
    expect((await send(endpoint, sign(WHO, "sts"))).body).to.include("<Account>000000000000</Account>");
  });

  it("serves another account to clients with the user's key", async () => {
    const keys = keysOfAccount(cloud.keys, "111122223333");
    expect((await send(endpoint, signed(endpoint, keys, "sts", WHO))).body).to.include(
      "<Account>111122223333</Account>",
    );
    for (const secretAccessKey of ["test", cloud.keys.secretAccessKey]) {
      const forged = signed(endpoint, { accessKeyId: "111122223333", secretAccessKey }, "sts", WHO);
      expectRefused(await send(endpoint, forged), secretAccessKey);
    }
  });

  it("refuses clients without a key: another user of this machine", async () => {
    const wires: [string, Wire][] = [
      ["s3", {}],
      ["s3", { path: `/${BUCKET}/secret.txt` }],
      ["s3", { method: "HEAD", path: `/${BUCKET}/secret.txt` }],
      ["s3", { method: "PUT", path: `/${BUCKET}/secret.txt`, body: "other" }],
      ["s3", { method: "DELETE", path: `/${BUCKET}/secret.txt` }],
      ["dynamodb", LIST_TABLES],
      ["sts", WHO],
    ];
    const { accessKeyId } = cloud.keys;
    for (const [service, wire] of wires) {
      const what = `${service} ${wire.method} ${wire.path}`;
      expectRefused(await send(endpoint, wire), what);
      expectRefused(await send(endpoint, { ...wire, headers: { ...wire.headers, authorization: "" } }), what);
      for (const keys of [
        { accessKeyId: "test", secretAccessKey: "test" },
        { accessKeyId, secretAccessKey: "test" },
        { accessKeyId: accessKeyId.toLowerCase(), secretAccessKey: cloud.keys.secretAccessKey },
        { accessKeyId: "000000000000", secretAccessKey: "test" },
      ]) {
        expectRefused(await send(endpoint, signed(endpoint, keys, service, wire)), what);
      }
    }
    const headers = { authorization: `AWS ${accessKeyId}:c2lnbmF0dXJl`, date: new Date().toUTCString() };
    expectRefused(await send(endpoint, { headers }), "Signature Version 2");
  });

  it("refuses web pages by their browser's headers, and all host names except this machine's", async () => {
    const page: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "none" },
    ];
    for (const headers of page) {
      const what = JSON.stringify(headers);
      const wire = sign({ path: `/${BUCKET}/secret.txt` });
      expectRefused(await send(endpoint, { ...wire, headers: { ...wire.headers, ...headers } }), what);
      const preflight = { ...headers, "access-control-request-method": "GET" };
      expectRefused(await send(endpoint, { method: "OPTIONS", headers: preflight }), `preflight ${what}`);
    }
    expectRefused(await send(endpoint, { method: "OPTIONS" }), "OPTIONS");
    const { port } = new URL(endpoint);
    const hosts = [
      ...["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evil-localhost"],
      ...[
        "0.0.0.0",
        "[::]",
        "127.0.0.2",
        "127.0.0.1@evil.example",
        "127.0.0.1:",
        "127.0.0.1:1:2",
        "x.invalid",
      ],
    ];
    for (const host of hosts.flatMap((name) => [name, `${name}:${port}`])) {
      expectRefused(
        await s3({ path: `/${BUCKET}/secret.txt`, headers: { host } }),
        `signed for the host ${host}`,
      );
    }
    for (const host of ["127.0.0.1", `127.0.0.1:${port}`, "localhost:1", "LOCALHOST", "[::1]:80"]) {
      const answered = await s3({ path: `/${BUCKET}/secret.txt`, headers: { host } });
      expect(answered, host).to.include({ status: 200, body: "secret" });
    }
    const host = `${BUCKET}.localhost:${port}`;
    expect((await s3({ path: "/secret.txt", headers: { host } })).body).to.equal("secret");
  });

  it("has no administration and no health report, signed or not", async () => {
    const paths = [
      ...["/_ministack/reset", "/_ministack/config", "/_ministack/health", "/_ministack/ready"],
      ...["/_ministack/lambda-code/f", "/_ministack/rds/iam-auth", "/_ministack/eks-auth/x"],
      ...["/_ministack/ses/messages", "/_localstack/health", "/_aws/execute-api/abcdefgh/prod", "/_alb/x"],
      ...["/%5fministack/reset", "/_spawn/proof", "/_spawn/x", "//_ministack/reset"],
    ];
    for (const path of paths) {
      for (const method of ["GET", "POST", "PUT"]) {
        expectRefused(await send(endpoint, { method, path }), `${method} ${path}`);
        expectRefused(await s3({ method, path }), `${method} ${path}, signed`);
      }
    }
    expectRefused(await send(endpoint, { path: "/health" }), "/health");
    expect((await s3({ path: "/health" })).body).to.include("NoSuchBucket");
  });

  it("serves no other service of the emulator, whatever the request claims, even with the user's key", async () => {
    const { stdout } = await runCommand(python, [
      ...["-I", "-c"],
      `import re, importlib.util as u; text = open(u.find_spec("ministack").submodule_search_locations[0] + "/app.py").read()
start = text.index("SERVICE_REGISTRY = {"); print(" ".join(re.findall(r'^    "([a-z0-9-]+)": ', text[start:text.index("\\n}", start)], re.M)))`,
    ]);
    const services = stdout.trim().split(" ");
    expect(services).to.include.members(["lambda", "ecs", "codebuild", "states", "rds", "ec2", "ssm", "s3"]);
    for (const service of services) {
      if (["s3", "dynamodb", "iam", "sts", "ec2", "autoscaling", "ssm"].includes(service)) continue;
      for (const wire of [{}, { path: "/2015-03-31/functions" }, WHO]) {
        expectRefused(await send(endpoint, sign(wire, service)), `signed for ${service}`);
      }
    }
    const body = "{}";
    const target = (name: string): Wire => ({ method: "POST", body, headers: { "x-amz-target": name } });
    const confused: [string, string, Wire][] = [
      ["a target in a request of S3", "s3", target("AmazonEC2ContainerServiceV20141113.RunTask")],
      ["a target in a request of STS", "sts", target("CodeBuild_20161006.StartBuild")],
      ["another target in one of DynamoDB", "dynamodb", target("AWSStepFunctions.StartExecution")],
      ["streams of DynamoDB", "dynamodb", target("DynamoDBStreams_20120810.ListStreams")],
      ["a path in one of DynamoDB", "dynamodb", { ...LIST_TABLES, path: "/2015-03-31/functions" }],
      ["a form by GET", "iam", { query: "Action=ListRoles&Version=2010-05-08" }],
      ["a Lambda URL", "s3", { headers: { host: `${"a".repeat(32)}.lambda-url.us-east-1.localhost` } }],
      ["an API", "s3", { headers: { host: "0123abcd.execute-api.localhost" } }],
      ["a distribution", "s3", { headers: { host: "abc.cloudfront.localhost" } }],
      [
        "GraphQL",
        "s3",
        { method: "POST", path: "/graphql", body, headers: { host: "a.appsync-api.localhost" } },
      ],
      ["Iceberg", "s3", { path: "/iceberg/v1/config" }],
      ["the registry", "s3", { path: "/v2/_catalog" }],
      ["e-mail", "s3", { path: "/v2/email/identities" }],
      ["Cognito", "s3", { path: "/oauth2/authorize" }],
      ["the data API of RDS", "s3", { method: "POST", path: "/Execute", body }],
      [
        "object Lambda",
        "s3",
        { method: "POST", path: "/WriteGetObjectResponse", body, headers: { "x-amz-request-route": "a" } },
      ],
      ["a queue", "s3", { path: "/x", query: "Action=CreateQueue&QueueName=q" }],
    ];
    for (const [what, service, wire] of confused) {
      const answered = await send(endpoint, sign(wire, service));
      // S3 itself responds to its bucket's path or host name: with an error or the list of the buckets.
      const byS3 =
        /<Error>|<ErrorResponse|<ListAllMyBucketsResult|amazon\.coral\.service|"Unsupported service: /.test(
          answered.body,
        );
      expect(byS3, `${what}: ${answered.status} ${answered.body}`).to.equal(true);
    }
  });

  it("serves only the listed operations of EC2, Auto Scaling and SSM, whatever the request claims", async () => {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const form = (body: string, wire: Wire = {}): Wire => ({
      ...{ method: "POST", body, ...wire },
      headers: { ...type, ...wire.headers },
    });
    const target = (name: string, body = "{}"): Wire => ({
      ...{ method: "POST", body },
      headers: { "x-amz-target": name, "content-type": "application/x-amz-json-1.1" },
    });
    const vpcs = "Action=DescribeVpcs&Version=2016-11-15";
    const run = "ImageId=ami-1&MinCount=1&MaxCount=1";
    const refused: [string, string, Wire][] = [
      ...["RunInstances", "RegisterImage", "StartInstances", "CreateFleet", "RequestSpotInstances"].map(
        (name): [string, string, Wire] => [name, "ec2", form(`Action=${name}&Version=2016-11-15&${run}`)],
      ),
      ["no operation", "ec2", form(run)],
      ["two operations", "ec2", form(`${vpcs}&Action=RunInstances&${run}`)],
      ["two operations, the other first", "ec2", form(`Action=RunInstances&${vpcs}&${run}`)],
      ["an encoded name", "ec2", form(`%41ction=RunInstances&${run}`)],
      ["an operation in the query", "ec2", form(vpcs, { query: "Action=RunInstances" })],
      ["an operation in the query alone", "ec2", form(run, { query: "Action=RunInstances" })],
      ["by GET", "ec2", { query: "Action=DescribeVpcs" }],
      ["by PUT", "ec2", form(vpcs, { method: "PUT" })],
      ["a compressed body", "ec2", form(vpcs, { headers: { "content-encoding": "gzip" } })],
      ["another path", "ec2", form(vpcs, { path: "/2015-03-31/functions" })],
      ["a target of SSM", "ec2", form(vpcs, { headers: { "x-amz-target": "AmazonSSM.SendCommand" } })],
      ["a launch configuration", "autoscaling", form("Action=CreateLaunchConfiguration")],
      ["an operation of EC2", "autoscaling", form("Action=DescribeVpcs")],
      ["a scaling policy", "autoscaling", form("Action=PutScalingPolicy")],
      ["a target", "autoscaling", form(vpcs, { headers: { "x-amz-target": "AmazonSSM.GetParameter" } })],
      ...["SendCommand", "StartSession", "PutParameter", "CreateAssociation", "StartAutomationExecution"].map(
        (name): [string, string, Wire] => [name, "ssm", target(`AmazonSSM.${name}`)],
      ),
      ["a service in the target", "ssm", target("AmazonEC2ContainerServiceV20141113.RunTask")],
      ["a service behind the target", "ssm", target("AmazonSSM.GetParameter.SendCommand")],
      ["a form", "ssm", form("Action=SendCommand")],
      ["another operation of STS by query", "sts", form(WHO.body ?? "", { query: "Action=AssumeRole" })],
    ];
    for (const [what, service, wire] of refused) {
      expectRefused(await send(endpoint, sign(wire, service)), what);
    }
    const served: [string, Wire][] = [
      ["ec2", form(vpcs)],
      ["autoscaling", form("Action=DescribeAutoScalingGroups&Version=2011-01-01")],
    ];
    for (const [service, wire] of served) {
      expect((await send(endpoint, sign(wire, service))).status, service).to.equal(200);
    }
    const name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64";
    const parameter = (asked: object) =>
      send(endpoint, sign(target("AmazonSSM.GetParameters", JSON.stringify(asked)), "ssm"));
    const found = JSON.parse((await parameter({ Names: [name, "/etc/passwd"] })).body);
    expect(found).to.deep.include({ InvalidParameters: ["/etc/passwd"] });
    expect(found.Parameters[0].Value).to.match(/^ami-[0-9a-f]{17}$/);
  });

  it("detects each change of a signed request", async () => {
    const path = `/${BUCKET}/secret.txt`;
    const put = sign({ method: "PUT", path, body: "secret", headers: { "x-amz-meta-a": "1" } });
    const headers = put.headers ?? {};
    const without = (name: string) =>
      Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
    const changes: [string, Wire][] = [
      ["method", { ...put, method: "POST" }],
      ["path", { ...put, path: `/${BUCKET}/other.txt` }],
      ["query", { ...put, query: "acl=" }],
      ["body", { ...put, body: "change" }],
      ["empty body", { ...put, body: "" }],
      ["hash", { ...put, body: "change", headers: { ...headers, "x-amz-content-sha256": sha256("change") } }],
      ["unsigned payload", { ...put, headers: { ...headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } }],
      ["signed header", { ...put, headers: { ...headers, "x-amz-meta-a": "2" } }],
      ["left out header", { ...put, headers: without("x-amz-meta-a") }],
      ["added header", { ...put, headers: { ...headers, "x-amz-copy-source": "/x/y" } }],
      ["host", { ...put, headers: { ...headers, host: "localhost:1" } }],
      ["date", { ...put, headers: { ...headers, "x-amz-date": "20200101T000000Z" } }],
      ["two mechanisms", { ...put, query: `X-Amz-Credential=a&X-Amz-Signature=${"0".repeat(64)}` }],
      [
        "region",
        {
          ...put,
          headers: {
            ...headers,
            authorization: headers["authorization"]?.replace("us-east-1", "eu-west-1") ?? "",
          },
        },
      ],
    ];
    for (const [what, wire] of changes) expectRefused(await send(endpoint, wire), what);
    expect((await s3({ path: `/${BUCKET}`, query: "list-type=2" })).body.match(/<Key>/g)).to.have.length(1);
  });

  it("accepts chunked signatures, presigned URLs and unsigned payloads of other AWS clients", async () => {
    // The AWS CLI and boto3 use botocore.
    const script = `
import sys, datetime, botocore.session, urllib.request, urllib.error
from botocore.config import Config
from botocore.auth import S3SigV4QueryAuth
endpoint, key, secret, bucket = sys.argv[1:]
def client(service, **config):
    return botocore.session.Session().create_client(service, endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id=key, aws_secret_access_key=secret, config=Config(signature_version="v4" if service != "s3" else "s3v4", **config))
s3 = client("s3")
name = "two words/é+&=~'()*!.txt"
s3.put_object(Bucket=bucket, Key=name, Body=b"abc", Metadata={"a": "x  y"})
assert s3.get_object(Bucket=bucket, Key=name)["Body"].read() == b"abc"
assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=name)["Contents"]] == [name]
plain = client("s3", request_checksum_calculation="when_required", s3={"payload_signing_enabled": False})
plain.put_object(Bucket=bucket, Key=name, Body=b"abcd")
url = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": name}, ExpiresIn=60)
assert urllib.request.urlopen(url).read() == b"abcd"
def status(url, **options):
    try:
        return urllib.request.urlopen(urllib.request.Request(url, **options)).status
    except urllib.error.HTTPError as error:
        return error.code
assert status(url.replace("two", "to")) == 403
assert status(url, method="DELETE") == 403
assert status(url + "&versionId=null") == 403
assert status(url.replace("X-Amz-Expires=60", "X-Amz-Expires=600")) == 403
past = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": name}, ExpiresIn=0)
import time; time.sleep(1.1)
assert status(past) == 403
s3.delete_object(Bucket=bucket, Key=name)
assert client("dynamodb").list_tables()["TableNames"] == []
assert client("sts").get_caller_identity()["Account"] == "000000000000"
print("fine")`;
    const { accessKeyId, secretAccessKey } = cloud.keys;
    const { stdout, stderr } = await runCommand(
      python,
      ["-I", "-c", script, endpoint, accessKeyId, secretAccessKey, BUCKET],
      { env: { PATH: process.env["PATH"], AWS_EC2_METADATA_DISABLED: "true" } },
    );
    expect(stdout.trim(), stderr).to.equal("fine");
  });

  it("explains to a client with other keys how to get the right one", async () => {
    const client = new S3Client({
      ...{ endpoint, region: "us-east-1", forcePathStyle: true },
      credentials: { accessKeyId: "AKIAUSERSOWN", secretAccessKey: "x" },
    });
    const failed = await client.send(new ListBucketsCommand({})).catch((error: Error) => error);
    expect(failed).to.include({ name: "InvalidAccessKeyId" });
    expect((failed as Error).message).to.include('eval "$(spawn env)"');
    await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: "x" })).catch(() => undefined);
    client.destroy();
  });
});
