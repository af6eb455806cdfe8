import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import type { Fault, ProxiedRequest, TestProxy } from "../support/proxy.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { isPart, whileRunning } from "./support/interrupting.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, proxiedWorld, randomFile, type World } from "./support/world.ts";

const MIB = 1024 ** 2;
const [PRIMARY, SECOND] = ["us-east-1", "us-west-2"] as const;
const BOTH = ["--regions", `${PRIMARY},${SECOND}`];
const OWNER = "x-amz-expected-bucket-owner";
const SOURCE_OWNER = "x-amz-source-expected-bucket-owner";
const ACCOUNT = "000000000000";
const SOURCE = "another-users-source";
const ID = /stage-[0-9a-f]{12}/;
const DENIED = {
  status: 403,
  body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
};

const bucketIn = (path: string): string => path.split("/")[1] ?? "";
const isStaging = (bucket: string): boolean => bucket.startsWith("spawn-staging-");
const isS3 = ({ operation, path }: ProxiedRequest): boolean =>
  operation === "" && !path.startsWith("/v20180820/");

describe("The expected owner of staging buckets", () => {
  const bytes = randomFile(40 * MIB);
  let world: World;
  let aws: Aws;
  let proxy: TestProxy;
  before(async () => {
    ({ world, aws, proxy } = await proxiedWorld());
    await world.writeFile("owned.bin", bytes);
    await aws.s3(PRIMARY).send(new CreateBucketCommand({ Bucket: SOURCE }));
    for (const [Key, size] of [
      ["small", 1000],
      ["large", 20 * MIB],
    ] as const) {
      await aws
        .s3(PRIMARY)
        .send(new PutObjectCommand({ Bucket: SOURCE, Key: `data/${Key}`, Body: randomFile(size) }));
    }
  });
  after(() => proxy.stop());
  beforeEach(() => proxy.reset());

  const spawn = (...args: string[]): Promise<Ended> =>
    world.startIn({ env: aws.variables(proxy.endpoint) }, ...args).ended;

  describe("is in every request", () => {
    /** Stricter than S3: also refuses requests that name no owner. */
    const refused: string[] = [];
    const requireOwner = (request: ProxiedRequest): Fault | undefined => {
      const { path, method, headers, query } = request;
      if (!isS3(request)) return undefined;
      const copied = bucketIn(`/${decodeURIComponent(String(headers["x-amz-copy-source"] ?? ""))}`);
      const isRight =
        headers[OWNER] === (isStaging(bucketIn(path)) ? ACCOUNT : undefined) &&
        headers[SOURCE_OWNER] === (isStaging(copied) ? ACCOUNT : undefined);
      if (isRight) return undefined;
      refused.push(`${method} ${path}?${query}`);
      return { answer: DENIED };
    };
    beforeEach(() => {
      proxy.fault = requireOwner;
    });
    afterEach(() => {
      expect(refused).to.deep.equal([]);
      expect(proxy.requests.filter(isS3).length).to.be.greaterThan(0);
    });

    it("of an upload that is interrupted, resumed, updated, repaired, cleaned up and deleted", async () => {
      proxy.fault = (request) =>
        requireOwner(request) ??
        (isPart(request) && Number(request.query.get("partNumber")) > 1 ? { delayMs: 600_000 } : undefined);
      const env = aws.variables(proxy.endpoint);
      const running = world.startIn({ env, ownGroup: true }, "stage", "upload", "owned.bin", ...BOTH);
      const id = await whileRunning(running, async () => {
        const part = proxy.requests.find((request) => isPart(request) && request.status === 200);
        return part && ID.exec(part.path)?.[0];
      });
      running.killGroup("SIGINT");
      expect((await running.ended).code).to.equal(130);

      proxy.fault = requireOwner;
      await succeed(spawn("stage", "resume", id));
      await succeed(spawn("stage", "update", id, "--ttl", "9"));
      const Key = `${id}/owned.bin`;
      await aws.s3(PRIMARY).send(new DeleteObjectCommand({ Bucket: bucketOf(PRIMARY), Key }));
      expect((await spawn("stage", "info", id, "--verify")).code).to.equal(1);
      await succeed(spawn("stage", "repair", id));
      expect(await aws.sha256(PRIMARY, bucketOf(PRIMARY), Key)).to.equal(sha256(bytes));
      await succeed(spawn("stage", "info", id, "--verify"));
      await succeed(spawn("stage", "download", id, "./fetched.bin"));
      await succeed(spawn("stage", "cleanup", "--orphans", "--dry-run"));
      await succeed(spawn("stage", "delete", id, "--yes"));
      const methods = new Set(proxy.requests.filter(isS3).map(({ method }) => method));
      expect([...methods].sort()).to.deep.equal(["GET", "HEAD", "POST", "PUT"]);
    });

    it("of a directory whose replicas are copies, and of an added region", async () => {
      const folder = join(world.folder, "owned tree");
      await mkdir(folder);
      for (const name of ["a", "b", "c"]) await writeFile(join(folder, name), name);
      await writeFile(join(folder, "large"), bytes);
      const flags = [...BOTH, "--replication", "copy"];
      const id = (await succeed(spawn("stage", "upload", "owned tree", ...flags))).stdout.trim();
      await succeed(spawn("stage", "update", id, "--regions", `${PRIMARY},${SECOND},eu-west-1`));
      const copies = proxy.requests.filter(({ headers }) => headers["x-amz-copy-source"] !== undefined);
      expect(copies.length).to.be.greaterThan(8);
      expect(copies.every(({ headers }) => headers[SOURCE_OWNER] === ACCOUNT)).to.equal(true);
      await succeed(spawn("stage", "delete", id, "--yes"));
    });

    it("to the staging bucket, and in no request to a source that the user names", async () => {
      const id = (
        await succeed(spawn("stage", "upload", `s3://${SOURCE}/data/`, "--regions", PRIMARY))
      ).stdout.trim();
      const copies = proxy.requests.filter(({ headers }) => headers["x-amz-copy-source"] !== undefined);
      expect(copies.some(({ headers }) => headers[OWNER] === ACCOUNT)).to.equal(true);
      const reads = proxy.requests.filter(({ path }) => bucketIn(path) === SOURCE);
      expect(reads.length).to.be.greaterThan(2);
      await succeed(spawn("stage", "delete", id, "--yes"));
    });
  });

  describe("that differs from the owner of a bucket that everyone can read and write", () => {
    const attacked = bucketOf(PRIMARY);
    beforeEach(() => {
      proxy.fault = (request) =>
        isS3(request) && bucketIn(request.path) === attacked && request.headers[OWNER] !== undefined
          ? { answer: DENIED }
          : undefined;
    });
    afterEach(() => {
      const writes = proxy.requests.filter(
        ({ method, path, status }) =>
          bucketIn(path) === attacked && !["GET", "HEAD"].includes(method) && status !== undefined,
      );
      expect(writes).to.deep.equal([]);
      expect(proxy.bytesOf(({ path }) => bucketIn(path) === attacked)).to.equal(0);
    });

    for (const [what, args] of Object.entries({
      "an upload": ["stage", "upload", "owned.bin", ...BOTH],
      "an update of the environment": ["environment", "up"],
      "the status of the environment": ["environment", "status"],
    })) {
      it(`receives no data and no write from ${what}`, async () => {
        const { code, stdout, stderr } = await spawn(...args);
        expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
        expect(stderr).to.contain(`the bucket ${attacked} in ${PRIMARY} belongs to another account`);
        expect(stderr).to.contain(`Your credentials are of account ${ACCOUNT}`);
      });
    }

    it("makes a cleanup skip the bucket and report it", async () => {
      const { code, stderr } = await spawn("stage", "cleanup", "--orphans", "--yes");
      expect(code, stderr).to.equal(1);
      expect(stderr).to.contain(`the bucket ${attacked} was not searched`);
      expect(stderr).to.contain("belongs to another account");
    });

    it("prevents the adoption of the bucket", async () => {
      const key = `staging.bucket.${PRIMARY}`;
      const { code, stderr } = await spawn("config", "set", key, attacked);
      expect(code, stderr).to.equal(2);
      expect(stderr).to.contain("belongs to another account");
    });
  });

  it("must be the account that the environment's file names, in every command", async () => {
    const text = `config:\n  spawn:cloud: local\n  spawn:account: "111111111111"\n  spawn:regions: [${PRIMARY}]\n  spawn:namePrefix: elsewhere\n`;
    await writeFile(join(world.project, "Pulumi.elsewhere.yaml"), text);
    for (const args of [
      ["environment", "up"],
      ["environment", "status"],
      ["stage", "upload", "owned.bin", "--regions", PRIMARY],
      ["stage", "list"],
      ["stage", "cleanup", "--expired", "--yes"],
    ]) {
      const { code, stdout, stderr } = await world.spawn(...args, "--environment", "elsewhere");
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.contain(
        `the environment elsewhere is in account 111111111111, your credentials are of account ${ACCOUNT}`,
      );
    }
    expect(await aws.hasBucket(PRIMARY, `elsewhere-staging-${PRIMARY}`)).to.equal(false);
    const { stdout } = await succeed(world.spawn("environment", "status"));
    expect(stdout).to.match(new RegExp(`^  account +${ACCOUNT}$`, "m"));
  });
});
