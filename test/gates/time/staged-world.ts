import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { expectedOf, type RegionPresence, regionPresence } from "../../../cli/services/entry/presence.ts";
import type { Dependencies } from "../../../provider/deps.ts";
import { expiration } from "../../../provider/expiration.ts";
import { plainItem } from "../../../provider/plain-item.ts";
import { PartialFailure } from "../../../provider/plugin/types.ts";
import { replication } from "../../../provider/replication.ts";
import { ServerCapabilities } from "../../../provider/rules/capabilities.ts";
import { stagedData } from "../../../provider/staged-data.ts";
import { createS3Clients } from "../../../provider/store/clients.ts";
import type { S3Clients } from "../../../provider/store/s3-clients.ts";
import { repairRegion } from "../../../provider/transfer/copy/repair.ts";
import { DataPlane } from "../../../provider/transfer/data-plane.ts";
import { usageRow } from "../../../provider/usage-row.ts";
import { replicaTags, ttlClassAt } from "../../../staging/classes.ts";
import type { ReplicationMethod } from "../../../staging/entry.ts";
import { newStagingId, parseStagingId } from "../../../staging/ids.ts";
import { type LedgerRow, parseLedgerRow } from "../../../staging/ledger.ts";
import { entryPrefix } from "../../../staging/manifest.ts";
import { parseRecord, RECORD_KEY, recordItem, type StagingRecord } from "../../../staging/record.ts";
import { parseRegionList, type Region } from "../../../staging/regions.ts";
import type { ExpirationInputs } from "../../../staging/resources/expiration.ts";
import type { ReplicationOutputs } from "../../../staging/resources/replication.ts";
import type { StagedDataInputs, StagedDataOutputs } from "../../../staging/resources/staged-data.ts";
import type { UsageRowInputs } from "../../../staging/resources/usage-row.ts";
import { serverClock } from "../../../staging/server-clock.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { USAGE_KEY } from "../../../staging/usage.ts";
import { testRecord } from "../../cli/records.ts";
import { TestContext } from "../../provider/cloud-fixture.ts";
import { startTestCloud, type TestCloud } from "../../support/cloud.ts";
import { errorOf } from "../../support/failure.ts";
import { createTable } from "../../support/tables.ts";
import { type S3Server, serveS3 } from "./s3-server.ts";
import { SimulatedClock } from "./simulated-clock.ts";
import { type Behaviour, type Charge, SimulatedS3 } from "./simulated-s3.ts";

export const REGIONS = parseRegionList("us-east-1,us-west-2,eu-west-1");
export const [PRIMARY, SECOND, THIRD] = REGIONS as readonly [Region, Region, Region];
const bucketOf = (region: string): string => `sim-${region}`;
const TABLES = { records: ["records", RECORD_KEY], usage: ["usage", USAGE_KEY] } as const;
const VARIABLES = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] as const;

/** Tables of the local cloud, which all worlds share. */
export class TimeTables {
  readonly client: DynamoDBClient;
  readonly cloud: TestCloud;

  private constructor(cloud: TestCloud) {
    this.cloud = cloud;
    // Not one of this program's clients: its responses have the real time.
    this.client = new DynamoDBClient({ endpoint: cloud.endpoint, region: PRIMARY, credentials: cloud.keys });
  }

  static async start(): Promise<TimeTables> {
    const tables = new TimeTables(await startTestCloud());
    for (const [TableName, key] of Object.values(TABLES)) {
      await createTable(tables.client, TableName, [key]);
    }
    return tables;
  }

  async read(table: keyof typeof TABLES, id: string): Promise<Record<string, unknown>> {
    const [TableName, key] = TABLES[table];
    const { Item = {} } = await this.client.send(
      new GetItemCommand({ TableName, Key: { [key]: { S: id } }, ConsistentRead: true }),
    );
    return plainItem(Item);
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.cloud.stop();
  }
}

/** A simulated S3 with one entry, which the provider's own resources create, change and delete. */
export class StagedWorld {
  readonly clock: SimulatedClock;
  readonly s3: SimulatedS3;
  readonly #tables: TimeTables;
  readonly #server: S3Server;
  readonly #clients: S3Clients<S3Client>;
  readonly #folder: string;
  readonly #saved: Readonly<Record<string, string | undefined>>;
  readonly id = newStagingId();
  #inputs: StagedDataInputs | undefined;
  #data: StagedDataOutputs | undefined;
  #row: UsageRowInputs | undefined;
  #method: ReplicationMethod = "rule";

  private constructor(s3: SimulatedS3, tables: TimeTables, server: S3Server, folder: string) {
    this.s3 = s3;
    this.clock = s3.clock;
    this.#tables = tables;
    this.#server = server;
    this.#folder = folder;
    this.#saved = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_ACCESS_KEY_ID: "simulated",
      AWS_SECRET_ACCESS_KEY: "simulated",
      AWS_REGION: PRIMARY,
    });
    this.#clients = createS3Clients();
  }

  static async make(tables: TimeTables, start: string, behaviour: Behaviour): Promise<StagedWorld> {
    const buckets = new Map(REGIONS.map((region) => [region, bucketOf(region)]));
    const s3 = new SimulatedS3(new SimulatedClock(start), behaviour, buckets);
    const server = await serveS3(s3);
    const folder = await mkdtemp(join(tmpdir(), "spawn time "));
    serverClock.note(s3.clock.now().toUTCString(), serverClock.steady());
    return new StagedWorld(s3, tables, server, folder);
  }

  async end(): Promise<void> {
    for (const name of VARIABLES) {
      if (this.#saved[name] === undefined) delete process.env[name];
      else process.env[name] = this.#saved[name];
    }
    await this.#server.stop();
    await rm(this.#folder, { recursive: true, force: true });
    serverClock.note(new Date().toUTCString(), serverClock.steady());
  }

  /** Waits on the simulated clock only: each request advances it. */
  get #dependencies(): Dependencies {
    return {
      s3: this.#clients,
      plane: new DataPlane(),
      capabilities: new ServerCapabilities(),
      patience: { ...this.patience, bytesPerSecond: 1e9, firstPollMs: 1, maxPollMs: 1 },
      settling: { attempts: 1, firstDelayMs: 1 },
      spreading: { attempts: 1, firstDelayMs: 1 },
      now: () => this.clock.now(),
    };
  }

  patience = { baseMs: 60_000 };

  /** Uploads `sizes.length` files and replicates them, as `spawn stage upload` does. */
  async upload(
    regions: readonly Region[],
    ttlDays: number,
    { method = "rule", sizes = [1_000_000] }: { method?: ReplicationMethod; sizes?: readonly number[] } = {},
  ): Promise<void> {
    this.#method = method;
    const isTree = sizes.length > 1;
    const source = join(this.#folder, "data");
    if (isTree) await mkdir(source);
    for (const [at, size] of sizes.entries())
      await writeFile(isTree ? join(source, `file-${at}`) : source, randomBytes(size));
    const inputs = {
      ...{ stagingId: this.id, source, region: PRIMARY, bucket: bucketOf(PRIMARY), ttlDays },
      replicateTo: method === "rule" ? regions.filter((region) => region !== PRIMARY) : [],
    };
    this.#inputs = inputs;
    this.#data = (await stagedData(this.#dependencies).create(inputs, new TestContext())).outputs;
    for (const region of regions.slice(1)) await this.#replicate(region);
    await this.#settle(regions, ttlDays);
  }

  /** As `stage update` does: new regions get a copy, all objects their TTL class, and row and record the change. */
  async update(regions: readonly Region[], ttlDays: number): Promise<void> {
    const before = this.record.regions as readonly Region[];
    for (const region of regions) if (!before.includes(region)) await this.#replicate(region);
    const gone = before.filter((region) => !regions.includes(region));
    await this.#settle(regions, ttlDays);
    for (const region of gone)
      await replication(this.#dependencies).delete("", this.#replicaOf(region), new TestContext());
  }

  /**
   * Stages lost data of the primary region again, as `pulumi up --refresh` does: it reads every resource before it updates one.
   * @param interrupted whether an earlier update was aborted during the upload
   */
  async restage(interrupted: boolean): Promise<void> {
    const { data, record } = this;
    if (this.#inputs === undefined) throw new Error("nothing was uploaded");
    const inputs = { ...this.#inputs, ttlDays: record.ttl };
    const handler = stagedData(this.#dependencies);
    const lost = (await handler.read("", inputs, data, new TestContext()))?.outputs;
    if (lost?.lost === undefined) throw new Error("nothing is lost");
    const drifted = await this.#drifted(record.regions);
    const known = interrupted ? await this.#interrupted(lost, inputs) : lost;
    this.#data = await handler.update?.("", known, inputs, new TestContext());
    const isNewTime = this.data.uploadedAt !== data.uploadedAt;
    await this.#settle(record.regions, record.ttl, (region) => isNewTime || drifted.has(region));
    expect([...(await this.#drifted(record.regions))], "drift after the update").to.deep.equal([]);
  }

  /** The outputs that the engine stores after an aborted update. */
  async #interrupted(lost: StagedDataOutputs, inputs: StagedDataInputs): Promise<StagedDataOutputs> {
    const context = new TestContext();
    context.log = () => context.controller.abort(new Error("Ctrl-C"));
    const handler = stagedData(this.#dependencies);
    const error = await errorOf(handler.update?.("", lost, inputs, context) ?? Promise.resolve());
    if (!(error instanceof PartialFailure)) throw error;
    const { updates } = await handler.diff("", inputs, error.outputs as StagedDataOutputs, inputs);
    expect(updates, "the next update").to.deep.equal(["source"]);
    return error.outputs as StagedDataOutputs;
  }

  /** The regions whose objects have another TTL class than the record implies. */
  async #drifted(regions: readonly Region[]): Promise<Set<Region>> {
    const drifted = new Set<Region>();
    const { ttl } = this.record;
    for (const region of regions) {
      const outputs = { ...this.#expirationOf(region, ttl), ruleId: "", removedAt: "" };
      const found = await this.#expiration.read("", outputs, outputs, new TestContext());
      if (found?.inputs.ttlDays !== ttl) drifted.add(region);
    }
    return drifted;
  }

  /** Copies a region's data again, as `stage repair` does. */
  async repair(region: Region): Promise<void> {
    const place = (one: Region) => ({ region: one, bucket: bucketOf(one), store: this.#clients.store(one) });
    const { ttl, uploadedAt } = this.record;
    const tags = replicaTags(this.id, ttlClassAt(ttl, uploadedAt, this.clock.now()));
    const { signal } = new AbortController();
    const options = { plane: new DataPlane(), tags, signal, onBytes: () => {}, onObject: () => {} };
    await repairRegion(expectedOf(this.record), place(PRIMARY), place(region), options);
    await this.#settle(this.record.regions, ttl);
  }

  /** As `stage delete` does. */
  async delete(): Promise<void> {
    for (const region of this.record.regions.slice(1))
      await replication(this.#dependencies).delete("", this.#replicaOf(region), new TestContext());
    await stagedData(this.#dependencies).delete("", this.data, new TestContext());
    if (this.#row === undefined) throw new Error("nothing was uploaded");
    await this.#usage.delete("", { ...this.#row, openedAt: "" }, new TestContext());
  }

  async #replicate(region: Region): Promise<void> {
    await replication(this.#dependencies, () => this.#tables.client).create(
      this.#replicaOf(region),
      new TestContext(),
    );
  }

  #replicaOf(region: Region): ReplicationOutputs {
    const { stagingId, key, kind, sizeBytes, fileCount, sha256, manifestKey, manifestSha256, uploadedAt } =
      this.data;
    return {
      ...{ stagingId, key, kind, sizeBytes, fileCount, sha256, manifestKey, manifestSha256, uploadedAt },
      ...{ sourceRegion: PRIMARY, sourceBucket: bucketOf(PRIMARY), region, bucket: bucketOf(region) },
      ...{ method: this.#method, usageTable: TABLES.usage[0], usageRegion: PRIMARY },
      ...{ ruleId: "", via: "copy", objects: 0, seconds: 0, verifiedBy: "checksum" },
    };
  }

  get #usage() {
    return usageRow({ now: () => this.clock.now() }, () => this.#tables.client);
  }

  get #expiration() {
    return expiration(this.#dependencies, () => this.#tables.client);
  }

  #expirationOf(region: Region, ttlDays: number): ExpirationInputs {
    const { uploadedAt, manifestSha256 } = this.data;
    return {
      ...{ stagingId: this.id, region, bucket: bucketOf(region), ttlDays, uploadedAt, manifestSha256 },
      ...{ usageTable: TABLES.usage[0], usageRegion: PRIMARY },
    };
  }

  /**
   * TTL classes, usage row and record.
   * @param isChanged whether the engine updates the TTL class of a region
   */
  async #settle(
    regions: readonly Region[],
    ttlDays: number,
    isChanged: (region: Region) => boolean = () => true,
  ): Promise<void> {
    const { sizeBytes, uploadedAt } = this.data;
    for (const region of regions.filter(isChanged)) {
      const inputs = this.#expirationOf(region, ttlDays);
      const olds = { ...inputs, ruleId: "", removedAt: "" };
      if (this.#row === undefined) await this.#expiration.create(inputs, new TestContext());
      else await this.#expiration.update?.("", olds, inputs, new TestContext());
    }
    const row: UsageRowInputs = {
      ...{ table: TABLES.usage[0], recordsTable: TABLES.records[0], region: PRIMARY, stagingId: this.id },
      ...{ filename: "data", sizeBytes, regions: [...regions], uploadedAt, ttlDays },
    };
    if (this.#row === undefined) await this.#usage.create(row, new TestContext());
    else await this.#usage.update?.("", { ...this.#row, openedAt: "" }, row, new TestContext());
    this.#row = row;
    const record = this.#recordWith(regions, ttlDays);
    await this.#tables.client.send(
      new PutItemCommand({ TableName: TABLES.records[0], Item: recordItem(record) }),
    );
    this.#record = parseRecord(await this.#tables.read("records", this.id));
  }

  #recordWith(regions: readonly Region[], ttlDays: number): StagingRecord {
    const { kind, key, sizeBytes, fileCount, sha256, manifestKey, manifestSha256, uploadedAt } = this.data;
    return testRecord({
      ...{ stagingId: parseStagingId(this.id), filename: "data", kind, key, sizeBytes, fileCount, sha256 },
      ...{ manifestKey, manifestSha256, uploadedAt: new Date(uploadedAt), ttl: parseTtlDays(ttlDays) },
      ...{ regions: parseRegionList(regions.join(",")), buckets: regions.map(bucketOf), sweepId: undefined },
    });
  }

  get data(): StagedDataOutputs {
    if (this.#data === undefined) throw new Error("nothing was uploaded");
    return this.#data;
  }

  #record: StagingRecord | undefined;

  /** As it is in the table. */
  get record(): StagingRecord {
    if (this.#record === undefined) throw new Error("nothing was recorded");
    return this.#record;
  }

  async ledger(): Promise<LedgerRow> {
    return parseLedgerRow(await this.#tables.read("usage", this.id));
  }

  /** Whether each region is complete, as `info` and `list --verify` report it. */
  async presence(): Promise<RegionPresence[]> {
    const store = async (region: Region) => this.#clients.store(region);
    const anyBucketsS3 = async (region: Region) => this.#clients.at(region).client;
    return await regionPresence({ store, anyBucketsS3 }, this.record);
  }

  /** Deletes all versions of a region's keys that end with `suffix`, like a manual deletion. */
  lose(region: Region, suffix = ""): void {
    const bucket = this.s3.bucket(bucketOf(region));
    if (bucket === undefined) throw new Error(`no bucket in ${region}`);
    for (const [key, versions] of [...bucket.keys]) {
      if (key.startsWith(entryPrefix(this.id)) && key.endsWith(suffix))
        for (const { id } of [...versions]) this.s3.delete(bucket, key, id);
    }
  }

  charges(): Charge[] {
    return this.s3.charges(entryPrefix(this.id));
  }
}
