import { expect } from "chai";
import type { ProxiedRequest, TestProxy } from "../support/proxy.ts";
import { type Aws, sha256 } from "./support/aws.ts";
import { isPart } from "./support/interrupting.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, proxiedWorld, RECORDS, randomFile, type World } from "./support/world.ts";

const MIB = 1024 ** 2;
const NAME = "reads.bin";
const [PRIMARY, SECOND] = ["us-east-1", "us-west-2"] as const;
const SOURCES = "upload-options-sources";

describe("Options and failures of spawn stage upload", () => {
  const bytes = randomFile(6 * MIB);
  let world: World;
  let aws: Aws;
  let proxy: TestProxy;

  before(async () => {
    ({ world, aws, proxy } = await proxiedWorld());
    await world.writeFile(NAME, bytes);
  });
  afterEach(() => proxy.reset());
  after(() => proxy.stop());

  /** A command that uses AWS through the proxy. */
  const spawn = (...args: string[]): Promise<Ended> =>
    world.startIn({ env: aws.variables(proxy.endpoint) }, ...args).ended;
  const upload = (...flags: string[]): Promise<Ended> => spawn("stage", "upload", NAME, ...flags);
  const remove = async (id: string): Promise<void> => {
    await succeed(world.spawn("stage", "delete", id, "--yes"));
  };

  /** The ID of the entry to resume. */
  function expectFailure({ code, stdout, stderr }: Ended, ...says: string[]): string {
    expect(code, stderr).to.equal(1);
    expect(stdout).to.equal("");
    for (const text of says) expect(stderr).to.contain(text);
    expect(stderr).to.not.match(/\n\s+at |rpc error|urn:pulumi|undefined|Unknown|\[object/);
    const [, id] = /spawn stage (?:resume|delete) (stage-[0-9a-f]{12})/.exec(stderr) ?? [];
    if (id === undefined) throw new Error(`nothing says how to go on: ${stderr}`);
    return id;
  }

  it("store the data under another name, in parts", async () => {
    const { stdout, stderr } = await succeed(
      upload("--name", "model v3.bin", "--multipart", "--timeout", "60", "--regions", `${PRIMARY},${SECOND}`),
    );
    const id = stdout.trim();
    expect(stderr).to.contain("Staging Data: model v3.bin\n");
    expect(stderr).to.contain("Destination: /mnt/data/model v3.bin\n");
    const parts = proxy.requests.filter((request) => isPart(request) && request.path.includes("model v3"));
    expect(parts.map(({ bodyBytes }) => bodyBytes).sort()).to.deep.equal([MIB, 5 * MIB]);
    for (const region of [PRIMARY, SECOND]) {
      const key = `${id}/model v3.bin`;
      expect(await aws.sha256(region, bucketOf(region), key), region).to.equal(sha256(bytes));
    }
    expect(await aws.item(RECORDS, id)).to.include({
      filename: "model v3.bin",
      destination: "/mnt/data/model v3.bin",
    });
    // Options about sending alone do not change a staged entry.
    await succeed(world.spawn("stage", "update", id, "--ttl", "9"));
    expect(await aws.sha256(PRIMARY, bucketOf(PRIMARY), `${id}/model v3.bin`)).to.equal(sha256(bytes));
    await remove(id);
  });

  it("time out when no data move, and the same upload with a longer time-out resumes", async () => {
    proxy.fault = (request) => (isPart(request) ? { delayMs: 3_600_000 } : undefined);
    const flags = ["--regions", PRIMARY, "--multipart"];
    const started = performance.now();
    const ended = await upload(...flags, "--timeout", "4");
    expect((performance.now() - started) / 1000).to.be.lessThan(120);
    const id = expectFailure(
      ended,
      "Error: upload failed: connection timeout\n",
      "S3 in us-east-1 gave no answer for 4 s",
      "--timeout 3600",
      "--multipart",
      "spawn stage resume stage-",
      "S3 in us-east-1 is slow to answer (no answer): retrying",
    );
    proxy.reset();
    const again = await succeed(upload(...flags, "--timeout", "3600"));
    expect(again.stdout).to.equal(`${id}\n`);
    expect(again.stderr).to.contain(`Resuming ${id}`);
    await remove(id);
  });

  it("report slow responses of S3 while requests are retried", async () => {
    let failed = 0;
    proxy.fault = ({ method, path }) => {
      if (method !== "PUT" || !path.endsWith(NAME) || failed >= 4) return undefined;
      failed += 1;
      return { delayMs: 1_700, answer: { status: 503, body: "<Error><Code>SlowDown</Code></Error>" } };
    };
    const { stdout, stderr } = await succeed(upload("--regions", PRIMARY));
    expect(failed).to.equal(4);
    expect(stderr).to.contain("S3 in us-east-1 is slow to answer (503 SlowDown): retrying");
    await remove(stdout.trim());
  });

  it("name the region that denies access, and who can grant it", async () => {
    const isReplica = ({ region, method, path }: ProxiedRequest): boolean =>
      region === SECOND && method === "PUT" && path.includes(NAME);
    proxy.fault = (request) => (isReplica(request) ? { answer: denied } : undefined);
    const flags = ["--regions", `${PRIMARY},${SECOND}`, "--replication", "copy"];
    const id = expectFailure(
      await upload(...flags),
      "Error: replication failed: access denied in us-west-2\n",
      "aws s3 ls s3://spawn-staging-us-west-2/",
      "spawn environment policy stager",
      "spawn stage resume stage-",
    );
    expect(await aws.item(RECORDS, id)).to.equal(undefined);
    await remove(id);
  });

  it("report a bucket that denies all access before anything is created", async () => {
    proxy.fault = ({ region, method, path }) =>
      region === SECOND && method === "HEAD" && path.replace(/\/$/, "") === `/${bucketOf(SECOND)}`
        ? { answer: { status: 403 } }
        : undefined;
    const { code, stdout, stderr } = await upload("--regions", `${PRIMARY},${SECOND}`);
    expect(code).to.equal(1);
    expect(stdout).to.equal("");
    expect(stderr).to.contain("Error: replication failed: access denied in us-west-2\n");
    expect(stderr).to.contain("HTTP status 403, without a text");
    expect(stderr).to.contain("aws s3 ls s3://spawn-staging-us-west-2/");
  });

  it("report expired credentials although S3 sends no body for a HEAD", async () => {
    proxy.fault = ({ path, method, region }) => {
      if (region !== PRIMARY || !path.startsWith(`/${bucketOf(PRIMARY)}`)) return undefined;
      return { answer: { status: 400, ...(method === "HEAD" ? {} : { body: EXPIRED }) } };
    };
    const { code, stderr } = await upload("--regions", PRIMARY);
    expect(code).to.equal(1);
    expect(stderr).to.contain("Error: the AWS credentials have expired\n");
    expect(stderr).to.contain("The provided token has expired.");
    expect(stderr).to.contain("aws sso login");
  });

  describe("with a source on S3", () => {
    const URL = `s3://${SOURCES}/genome.fasta`;
    before(async () => {
      const { CreateBucketCommand, PutObjectCommand } = await import("@aws-sdk/client-s3");
      const client = aws.s3(PRIMARY);
      await client.send(new CreateBucketCommand({ Bucket: SOURCES }));
      await client.send(new PutObjectCommand({ Bucket: SOURCES, Key: "genome.fasta", Body: bytes }));
    });

    it("report an unreadable source before anything is created", async () => {
      proxy.fault = ({ path }) => (path.endsWith("genome.fasta") ? { answer: denied } : undefined);
      const { code, stdout, stderr } = await spawn("stage", "upload", URL, "--regions", PRIMARY);
      expect(code).to.equal(2);
      expect(stdout).to.equal("");
      for (const text of [
        "Error: download failed: 403 Forbidden\n",
        URL,
        "s3:GetObject",
        "s3:ListBucket",
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
      ]) {
        expect(stderr).to.contain(text);
      }
    });

    it("report a source that became unreadable", async () => {
      let heads = 0;
      proxy.fault = ({ path, method }) => {
        if (!path.endsWith(`${SOURCES}/genome.fasta`) || method !== "HEAD") return undefined;
        heads += 1;
        return heads > 3 ? { answer: denied } : undefined;
      };
      const ended = await spawn("stage", "upload", URL, "--regions", PRIMARY);
      await remove(expectFailure(ended, "Error: download failed: 403 Forbidden\n", `may not read ${URL}`));
    });

    it("refuse a source that contains its own entry before anything is created", async () => {
      const stacks = await world.traces();
      const source = `s3://${bucketOf(SECOND)}/`;
      const { code, stdout, stderr } = await spawn("stage", "upload", source, "--regions", PRIMARY);
      expect(code, stderr).to.equal(2);
      expect(stdout).to.equal("");
      expect(stderr).to.contain(`Error: ${source} overlaps its own new entry\n`);
      expect(await world.traces()).to.deep.equal(stacks);
      // The fix stages the other data of the bucket, and no entry.
      const { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } = await import(
        "@aws-sdk/client-s3"
      );
      const s3 = aws.s3(SECOND);
      const Bucket = bucketOf(SECOND);
      const planted = ["other-data/notes.txt", "stage-000000000000/a.txt"];
      const versions = await Promise.all(
        planted.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "notes" }))),
      );
      const [, pattern = ""] = /--exclude '([^']+)'/.exec(stderr) ?? [];
      const rest = await succeed(
        spawn("stage", "upload", source, "--exclude", pattern, "--regions", PRIMARY),
      );
      const id = rest.stdout.trim();
      const { Contents = [] } = await aws
        .s3(PRIMARY)
        .send(new ListObjectsV2Command({ Bucket: bucketOf(PRIMARY), Prefix: `${id}/` }));
      const keys = Contents.map((object) => object.Key);
      expect(keys).to.include(`${id}/${Bucket}/${planted[0]}`);
      expect(keys.filter((key = "") => key.includes("/stage-"))).to.deep.equal([]);
      await remove(id);
      for (const [at, { VersionId }] of versions.entries())
        await s3.send(new DeleteObjectCommand({ Bucket, Key: planted[at], VersionId }));
    });

    it("keep the source's headers and metadata, and charge the requester", async () => {
      const { HeadObjectCommand, PutObjectCommand } = await import("@aws-sdk/client-s3");
      const kept = { ContentType: "text/csv", ContentEncoding: "gzip", CacheControl: "max-age=60" };
      const Metadata = { sample: "A1" };
      const Key = "paid/reads.csv";
      await aws
        .s3(PRIMARY)
        .send(new PutObjectCommand({ Bucket: SOURCES, Key, Body: "reads", ...kept, Metadata }));
      proxy.requests.length = 0;
      const flags = ["--request-payer", "--bandwidth-limit", "100MB/s", "--regions", `${PRIMARY},${SECOND}`];
      const { stdout, stderr } = await succeed(spawn("stage", "upload", `s3://${SOURCES}/paid/`, ...flags));
      expect(stderr).to.contain("Requester pays: AWS charges your account");
      const ofSource = proxy.requests.filter(
        ({ path, headers }) =>
          path.startsWith(`/${SOURCES}/paid`) || String(headers["x-amz-copy-source"]).includes("/paid/"),
      );
      expect(ofSource).not.to.deep.equal([]);
      for (const { headers } of ofSource) expect(headers["x-amz-request-payer"]).to.equal("requester");
      const id = stdout.trim();
      for (const region of [PRIMARY, SECOND]) {
        const Bucket = bucketOf(region);
        const head = await aws
          .s3(region)
          .send(new HeadObjectCommand({ Bucket, Key: `${id}/paid/reads.csv` }));
        expect(head).to.include(kept);
        expect(head.Metadata).to.include(Metadata);
      }
      await remove(id);
    });

    it("detect a copy with different bytes", async () => {
      const { PutObjectCommand } = await import("@aws-sdk/client-s3");
      let tampered: Promise<unknown> | undefined;
      // Overwrites the copy between its creation and its comparison.
      proxy.onAnswer = async ({ method, path, status }) => {
        const [, bucket, ...key] = path.split("/");
        if (method !== "PUT" || bucket !== bucketOf(PRIMARY) || !path.endsWith("genome.fasta")) return;
        if (status !== 200 || tampered !== undefined) return;
        const Body = randomFile(bytes.length);
        tampered = aws.s3(PRIMARY).send(new PutObjectCommand({ Bucket: bucket, Key: key.join("/"), Body }));
        await tampered;
      };
      const ended = await spawn("stage", "upload", URL, "--regions", PRIMARY);
      const id = expectFailure(
        ended,
        "Error: SHA256 checksum mismatch\n",
        "does not hold the bytes that were read from the source",
        "spawn stage delete stage-",
      );
      await remove(id);
    });
  });

  it("refuse invalid option values before anything is created", async () => {
    for (const [args, says] of [
      [["upload", NAME, "--name", "a/b"], '"a/b" cannot be the name of staged data'],
      [["upload", NAME, "--timeout", "never"], '"never" is not a valid timeout'],
      [["resume", "stage-0123456789ab", "--timeout", "0"], '"0" is not a valid timeout'],
      [["upload", NAME, "--bandwidth-limit", "50Mb/s"], '"50Mb/s" is not a bandwidth'],
      [["resume", "stage-0123456789ab", "--bandwidth-limit", "50"], '"50" is not a bandwidth'],
      [["upload", NAME, "--request-payer"], `there are no request charges for reading ${NAME}`],
    ] as const) {
      const { code, stderr } = await world.spawn("stage", ...args);
      expect(code, stderr).to.equal(2);
      expect(stderr).to.contain(`Error: ${says}`);
    }
  });
});

const EXPIRED = "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>";

const denied = {
  status: 403,
  body: "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
};
