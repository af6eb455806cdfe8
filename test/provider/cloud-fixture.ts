import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  type LifecycleRule,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketReplicationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { Dependencies } from "../../provider/deps.ts";
import type { CallContext } from "../../provider/plugin/types.ts";
import { ServerCapabilities } from "../../provider/rules/capabilities.ts";
import { createS3Clients } from "../../provider/store/clients.ts";
import type { S3Clients } from "../../provider/store/s3-clients.ts";
import { DataPlane } from "../../provider/transfer/data-plane.ts";
import { LIFECYCLE_CLASSES, replicateTag, replicationRuleId } from "../../staging/classes.ts";
import { newStagingId } from "../../staging/ids.ts";
import { asFlag, inWords, type Words } from "../../staging/option.ts";
import { decodeProgress, type Progress } from "../../staging/progress.ts";
import { parseRegion, type Region } from "../../staging/regions.ts";
import type { ReplicationInputs } from "../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../staging/resources/staged-data.ts";
import { startTestCloud, type TestCloud } from "../support/cloud.ts";

export const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"].map(parseRegion);
export const [PRIMARY, SECOND, THIRD] = REGIONS as [Region, Region, Region];
export const bucketOf = (region: string): string => `spawn-test-${region}`;

const ENVIRONMENT = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] as const;

/** A local cloud with an environment's buckets and rules, and a folder for source files. */
export class CloudFixture {
  #started:
    | { cloud: TestCloud; folder: string; s3: S3Clients<S3Client>; saved: NodeJS.ProcessEnv }
    | undefined;

  /** A fixture that runs during the tests of the surrounding suite. */
  static forSuite(): CloudFixture {
    const fixture = new CloudFixture();
    before(() => fixture.#start());
    after(() => fixture.stop());
    return fixture;
  }

  static async start(): Promise<CloudFixture> {
    const fixture = new CloudFixture();
    await fixture.#start();
    return fixture;
  }

  async #start(): Promise<void> {
    const cloud = await startTestCloud();
    const saved = Object.fromEntries(ENVIRONMENT.map((name) => [name, process.env[name]]));
    for (const name of ENVIRONMENT) process.env[name] = cloud.env[name];
    const folder = await mkdtemp(join(tmpdir(), "spawn files "));
    this.#started = { cloud, folder, s3: createS3Clients(), saved };
    for (const region of REGIONS) await this.#createBucket(region);
    for (const region of REGIONS) await this.#putRules(region);
  }

  async stop(): Promise<void> {
    if (this.#started === undefined) return;
    const { cloud, folder, saved } = this.#started;
    for (const name of ENVIRONMENT) {
      if (saved[name] === undefined) delete process.env[name];
      else process.env[name] = saved[name];
    }
    await rm(folder, { recursive: true, force: true });
    await cloud.stop();
  }

  get #running() {
    if (this.#started === undefined) throw new Error("the fixture has not started");
    return this.#started;
  }

  get cloud(): TestCloud {
    return this.#running.cloud;
  }

  get folder(): string {
    return this.#running.folder;
  }

  get s3(): S3Clients<S3Client> {
    return this.#running.s3;
  }

  /** A file of random bytes. */
  async file(name: string, size: number): Promise<{ path: string; bytes: Buffer; sha256: string }> {
    const path = join(this.folder, name);
    const bytes = randomBytes(size);
    await writeFile(path, bytes);
    return { path, bytes, sha256: createHash("sha256").update(bytes).digest("hex") };
  }

  /** A sparse file that reads as zeros. */
  async sparseFile(name: string, size: number): Promise<string> {
    const path = join(this.folder, name);
    const handle = await open(path, "w");
    await handle.truncate(size);
    await handle.close();
    return path;
  }

  dependencies(changes: Partial<Dependencies> = {}): Dependencies {
    return {
      s3: this.s3,
      plane: new DataPlane(),
      capabilities: new ServerCapabilities(),
      patience: { baseMs: 2_000, bytesPerSecond: 1e9, firstPollMs: 20, maxPollMs: 100 },
      settling: { attempts: 2, firstDelayMs: 10 },
      spreading: { attempts: 4, firstDelayMs: 1 },
      now: () => new Date(),
      ...changes,
    };
  }

  async object(region: string, key: string): Promise<{ bytes: Buffer; contentType: string | undefined }> {
    const answer = await this.s3
      .of(region)
      .send(new GetObjectCommand({ Bucket: bucketOf(region), Key: key }));
    const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
    return { bytes, contentType: answer.ContentType };
  }

  /** The tags of an object in the primary region. */
  async tagsOf(key: string): Promise<Record<string, string>> {
    const command = new GetObjectTaggingCommand({ Bucket: bucketOf(PRIMARY), Key: key });
    const { TagSet } = await this.s3.of(PRIMARY).send(command);
    return Object.fromEntries((TagSet ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]));
  }

  /** Every version and delete marker under a prefix, as `key` or `key (deleted)`, and every unfinished upload. */
  async everything(region: string, prefix = ""): Promise<string[]> {
    const client = this.s3.of(region);
    const found = { Bucket: bucketOf(region), Prefix: prefix };
    const versions = await client.send(new ListObjectVersionsCommand(found));
    const uploads = await client.send(new ListMultipartUploadsCommand(found));
    return [
      ...(versions.Versions ?? []).map(({ Key }) => `${Key}`),
      ...(versions.DeleteMarkers ?? []).map(({ Key }) => `${Key} (deleted)`),
      ...(uploads.Uploads ?? []).map(({ Key }) => `${Key} (unfinished)`),
    ].sort();
  }

  async #createBucket(region: Region): Promise<void> {
    const client = this.s3.of(region);
    const Bucket = bucketOf(region);
    await client.send(
      new CreateBucketCommand({
        Bucket,
        ...(region === "us-east-1"
          ? {}
          : { CreateBucketConfiguration: { LocationConstraint: region as "us-west-2" } }),
      }),
    );
    await client.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }),
    );
  }

  /** The rules of an environment, as its component declares them. */
  async #putRules(region: Region): Promise<void> {
    const client = this.s3.of(region);
    const Bucket = bucketOf(region);
    const lifecycle: LifecycleRule[] = LIFECYCLE_CLASSES.map(({ id, ttl, tag }) => ({
      ID: id,
      Status: "Enabled",
      Filter: { Tag: { Key: tag.key, Value: tag.value } },
      Expiration: { Days: ttl },
    }));
    await client.send(
      new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: lifecycle } }),
    );
    await client.send(
      new PutBucketReplicationCommand({
        Bucket,
        ReplicationConfiguration: {
          Role: "arn:aws:iam::000000000000:role/replication",
          Rules: REGIONS.filter((other) => other !== region).map((other, index) => ({
            ID: replicationRuleId(other),
            Priority: index + 1,
            Status: "Enabled",
            Filter: { Tag: { Key: replicateTag(other), Value: "true" } },
            DeleteMarkerReplication: { Status: "Disabled" },
            Destination: { Bucket: `arn:aws:s3:::${bucketOf(other)}` },
          })),
        },
      }),
    );
  }
}

/** The context of a handler's calls, with its messages. */
export class TestContext implements CallContext {
  readonly urn = "urn:pulumi:dev::spawn::staging:index:Test::it";
  readonly controller = new AbortController();
  readonly signal = this.controller.signal;
  readonly messages: string[] = [];

  log(_severity: string, message: Words): void {
    this.messages.push(inWords(message, asFlag, (command) => command));
  }

  get progress(): Progress[] {
    return this.messages.map(decodeProgress).filter((progress) => progress !== undefined);
  }
}

/** Inputs of staged data that rules replicate to all regions. */
export function stagedInputs(source: string, changes: Partial<StagedDataInputs> = {}): StagedDataInputs {
  return {
    stagingId: newStagingId(),
    source,
    region: PRIMARY,
    bucket: bucketOf(PRIMARY),
    replicateTo: [SECOND, THIRD],
    ttlDays: 7,
    ...changes,
  };
}

/** Inputs of a copy of staged data in another region. */
export function replicaInputs(
  data: StagedDataOutputs,
  region: string,
  changes: Partial<ReplicationInputs> = {},
): ReplicationInputs {
  const { stagingId, key, kind, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 } = data;
  return {
    ...{ stagingId, key, kind, sizeBytes, fileCount, sha256, manifestKey, manifestSha256 },
    ...{ sourceRegion: data.region, sourceBucket: data.bucket, region, bucket: bucketOf(region) },
    method: "copy",
    ...changes,
  };
}
