import { mkdtemp, rm, truncate } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { expect } from "chai";
import { machineName } from "../../cli/engine/heartbeat.ts";
import type { Aws } from "./support/aws.ts";
import { whileRunning } from "./support/interrupting.ts";
import { type Ended, succeed } from "./support/process.ts";
import { bucketOf, randomFile, World } from "./support/world.ts";

const BUCKET = "spawn-state-000000000000-us-east-1";
const URL_OF_BUCKET = `s3://${BUCKET}?region=us-east-1`;
const LOCKS = ".pulumi/locks/organization/spawn/dev/";

describe("A state in a bucket", () => {
  let world: World;
  let aws: Aws;
  /** SPAWN_HOME of a second machine, which uses the same cloud by its endpoint. */
  let otherHome: string;
  let id: string;

  before(async () => {
    world = await World.make();
    otherHome = await mkdtemp(join(tmpdir(), "spawn e2e other "));
    await succeed(world.spawn("environment", "up"));
    aws = await world.aws();
    await world.writeFile("small.bin", randomFile(1_000));
    id = await world.upload("small.bin", "--regions", "us-east-1,us-west-2");
  });
  after(async () => {
    await world.remove();
    await rm(otherHome, { recursive: true, force: true });
  });

  const elsewhere = (...args: string[]) => {
    const env = { SPAWN_HOME: otherHome, ...aws.variables(aws.endpoint) };
    return world.startIn({ env }, ...args);
  };
  const jsonOf = ({ stdout }: Ended) => (JSON.parse(stdout) as { result: Record<string, unknown> }).result;
  const put = (Key: string, content: object) =>
    aws.s3("us-east-1").send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: JSON.stringify(content) }));
  const resources = async () => {
    const { stdout } = await succeed(world.pulumi("pulumi stack export --stack dev"));
    return (JSON.parse(stdout) as { deployment: { resources: unknown[] } }).deployment.resources;
  };

  it("is refused while another state would be left behind, and a dry run creates nothing", async () => {
    const refused = await world.spawn("environment", "bootstrap");
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/^Error: the state of dev is in another place$/m);
    expect(refused.stderr).to.match(/^Fix: spawn environment bootstrap --migrate /m);
    const dry = await succeed(world.spawn("environment", "bootstrap", "--migrate", "--dry-run", "--json"));
    expect(jsonOf(dry)).to.deep.include({
      ...{ created: true, dryRun: true, bucket: BUCKET, account: "000000000000", url: URL_OF_BUCKET },
      migrated: ["dev", `dev.${id}`],
    });
    expect(await aws.hasBucket("us-east-1", BUCKET)).to.equal(false);
    const unasked = await world.spawn("environment", "bootstrap", "--migrate");
    expect(unasked.code).to.equal(2);
    expect(unasked.stderr).to.contain("spawn environment bootstrap --migrate --yes");
    expect(await aws.hasBucket("us-east-1", BUCKET)).to.equal(false);
  });

  it("takes over the existing state without loss", async () => {
    const before = await resources();
    await succeed(world.spawn("environment", "bootstrap", "--migrate", "--yes"));
    expect(await resources()).to.deep.equal(before);
    const shown = await succeed(world.spawn("config", "get", "backend.url"));
    expect(shown.stdout.trim()).to.contain(URL_OF_BUCKET);
    const s3 = aws.s3("us-east-1");
    const versioning = await s3.send(new GetBucketVersioningCommand({ Bucket: BUCKET }));
    expect(versioning.Status).to.equal("Enabled");
    const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket: BUCKET }));
    expect(lifecycle.Rules?.[0]?.NoncurrentVersionExpiration?.NoncurrentDays).to.equal(90);
    const up = await succeed(world.spawn("environment", "up", "--json"));
    expect(jsonOf(up)["changes"]).to.have.all.keys("same");
  });

  it("is set up once: a second run finds nothing missing", async () => {
    const again = jsonOf(await succeed(world.spawn("environment", "bootstrap", "--json")));
    expect(again).to.deep.include({ created: false, settings: [], migrated: [] });
  });

  it("serves a second machine, which finds the bucket and uses the same entries", async () => {
    const found = jsonOf(await succeed(elsewhere("environment", "bootstrap", "--json").ended));
    expect(found).to.deep.include({ created: false, settings: [], url: URL_OF_BUCKET });
    await succeed(elsewhere("stage", "update", id, "--ttl", "20").ended);
    const info = await succeed(world.spawn("stage", "info", id));
    expect(info.stdout).to.contain("(20 days)");
    await succeed(elsewhere("stage", "delete", id, "--yes").ended);
    expect(await aws.versions("us-west-2", bucketOf("us-west-2"), `${id}/`)).to.deep.equal([]);
    expect(await world.stacks()).to.deep.equal(["dev"]);
  });

  it("lets one machine at a time work on an entry, and shows each what the other started", async () => {
    await truncate(await world.writeFile("large.img", Buffer.alloc(0)), 256 * 1024 ** 2);
    const upload = world.start("stage", "upload", "large.img", "--bandwidth-limit", "4MB/s");
    const begun = await whileRunning(upload, async () => {
      const [open] = await aws.openUploads("us-east-1", bucketOf("us-east-1"));
      return open?.Key?.split("/")[0];
    });
    const uploading = await succeed(elsewhere("stage", "list", "--incomplete").ended);
    expect(uploading.stdout).to.match(new RegExp(`${begun}.*uploading`));
    const refused = await elsewhere("stage", "delete", begun, "--yes").ended;
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/^Error: .*(is locked|is being worked on)$/m);
    upload.kill("SIGINT");
    expect((await upload.ended).code).to.equal(130);
    const interrupted = await succeed(elsewhere("stage", "list", "--incomplete").ended);
    expect(interrupted.stdout).to.match(new RegExp(`${begun}.*interrupted`));
    await succeed(elsewhere("stage", "delete", begun, "--yes").ended);
    const none = await succeed(world.spawn("stage", "list", "--incomplete", "--format", "json"));
    expect(JSON.parse(none.stdout)).to.deep.equal([]);
  });

  it("keeps the lock of a command on another machine, and the error says how to remove it", async () => {
    const lock = { pid: 4711, username: "ada", hostname: "far.example", timestamp: "2026-01-02T03:04:05Z" };
    await put(`${LOCKS}1c9b7a4e.json`, lock);
    const refused = await world.spawn("environment", "up");
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/^Error: the stack dev is locked$/m);
    expect(refused.stderr).to.contain("process 4711 of ada on far.example, since 2026-01-02T03:04:05Z");
    const remedy = /If it was killed: (.+)$/m.exec(refused.stderr)?.[1] ?? "";
    expect(remedy).to.contain("pulumi cancel");
    await succeed(world.bash(`${remedy} --yes`, world.project));
    await succeed(world.spawn("environment", "up"));
  });

  it("releases the lock of a killed engine of this machine", async () => {
    const holder = { pid: 2 ** 22 + 1, hostname: hostname() };
    await put(`${LOCKS}2d0c8b5f.json`, { ...holder, username: "ada", timestamp: "2026-01-02T03:04:05Z" });
    await put(".spawn/running/dev.json", {
      ...{ instance: "killed", host: hostname(), machine: machineName(), pid: 1 },
      enginePid: holder.pid,
    });
    const { stderr } = await succeed(world.spawn("environment", "up"));
    expect(stderr).to.contain("Took over the lock");
    expect(await aws.versions("us-east-1", BUCKET, LOCKS)).to.satisfy(
      (versions: { deleteMarker: boolean }[]) => versions.some(({ deleteMarker }) => deleteMarker),
    );
  });

  it("cannot be deleted while a stack has resources", async () => {
    const refused = await world.spawn("environment", "bootstrap", "--delete", "--yes");
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.match(/^Why: It holds the only state of these stacks: dev\.$/m);
  });

  it("refuses a bucket with another use, and explains a missing one", async () => {
    const taken = await world.spawn("environment", "bootstrap", "--bucket", bucketOf("us-west-2"));
    expect(taken.code).to.equal(2);
    expect(taken.stderr).to.contain("is a bucket of staged data");
    const s3 = aws.s3("us-east-1");
    await s3.send(new PutBucketTaggingCommand({ Bucket: BUCKET, Tagging: { TagSet: [] } }));
    const other = await world.spawn("environment", "bootstrap");
    expect(other.code).to.equal(2);
    expect(other.stderr).to.contain("is in use for something else");
    for (const { key: Key, versionId: VersionId } of await aws.versions("us-east-1", BUCKET))
      await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key, VersionId }));
    await s3.send(new DeleteBucketCommand({ Bucket: BUCKET }));
    const gone = await world.spawn("environment", "up");
    expect(gone.code).to.equal(1);
    expect(gone.stderr).to.contain(`the state bucket ${BUCKET} does not exist`);
    expect(gone.stderr).to.contain("spawn environment bootstrap");
    await succeed(world.spawn("local", "reset", "--yes"));
  });
});
