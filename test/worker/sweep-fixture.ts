import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { GetObjectTaggingCommand } from "@aws-sdk/client-s3";
import { runCommand } from "../../local/command.ts";
import { packageRoot } from "../../package-root.ts";
import { plainItem } from "../../provider/plain-item.ts";
import type { Region } from "../../staging/regions.ts";
import { parseStackName } from "../../staging/stack-name.ts";
import { newSweepId, type SweepId } from "../../staging/sweep/id.ts";
import { type IndexItem, indexItem, parseIndexItem } from "../../staging/sweep/index-item.ts";
import { ITEM_KEY, indexItemKey, regionItemKey, SWEEP_KEY } from "../../staging/sweep/item-keys.ts";
import { metaItem, type SweepMeta } from "../../staging/sweep/meta-item.ts";
import { logKey } from "../../staging/sweep/names.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import {
  newRegionItem,
  parseRegionItem,
  type RegionItem,
  regionItem,
} from "../../staging/sweep/region-item.ts";
import { rowAttributes } from "../../staging/sweep/row-attributes.ts";
import type { SweepDataset } from "../../staging/sweep/spec.ts";
import { renderBootScript } from "../../staging/sweep/user-data.ts";
import type { WorkerTemplates } from "../../staging/sweep/worker-facts.ts";
import { bucketOf, CloudFixture, PRIMARY } from "../provider/cloud-fixture.ts";
import type { StagedEntry } from "../support/staged.ts";
import { createSweepsTable, createTable } from "../support/tables.ts";
import { ensureVenv } from "../support/venv.ts";
import { TestInstance } from "./instance.ts";

const SWEEPS = "test-sweeps";
const USAGE = "test-usage";

export async function readTemplates(): Promise<WorkerTemplates> {
  const read = (name: string) => readFile(join(packageRoot(), "worker", `${name}.sh`), "utf8");
  return { boot: await read("boot"), worker: await read("worker"), stage: await read("stage") };
}

/** The differences of a test's sweep. */
interface SweepOptions extends Partial<SweepMeta> {
  readonly rows?: readonly (readonly Parameter[])[];
  readonly workers?: number;
  readonly datasets?: readonly SweepDataset[];
}

/** A local cloud with the tables and buckets of an environment, and the AWS CLI. */
export class WorkerFixture {
  readonly cloud: CloudFixture;
  readonly dynamo: DynamoDBClient;
  readonly templates: WorkerTemplates;
  /** Variables of a worker, except those of each instance. */
  readonly env: NodeJS.ProcessEnv;
  readonly #instances: TestInstance[] = [];

  private constructor(cloud: CloudFixture, templates: WorkerTemplates, env: NodeJS.ProcessEnv) {
    this.cloud = cloud;
    this.templates = templates;
    this.env = env;
    this.dynamo = new DynamoDBClient({ region: PRIMARY });
  }

  static async start(): Promise<WorkerFixture> {
    const cloud = await CloudFixture.start();
    const bin = join(cloud.folder, "aws bin");
    await mkdir(bin);
    const python = join(await ensureVenv("aws"), "python");
    await writeFile(join(bin, "aws"), `#!/bin/sh\nexec '${python}' -m awscli "$@"\n`, { mode: 0o755 });
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = cloud.cloud.env;
    const fixture = new WorkerFixture(cloud, await readTemplates(), {
      ...{ PATH: `${bin}:${process.env["PATH"]}`, HOME: cloud.folder },
      ...{ AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY },
      ...{ SPAWN_IDLE: "1", SPAWN_GRACE: "2" },
    });
    const { dynamo } = fixture;
    await createSweepsTable(dynamo, SWEEPS);
    await createTable(dynamo, USAGE, ["staging_id"]);
    return fixture;
  }

  async stop(): Promise<void> {
    await this.stopInstances();
    this.dynamo.destroy();
    await this.cloud.stop();
  }

  async stopInstances(): Promise<void> {
    for (const instance of this.#instances.splice(0)) await instance.stop();
  }

  async put(item: Record<string, AttributeValue>, TableName = SWEEPS): Promise<void> {
    await this.dynamo.send(new PutItemCommand({ TableName, Item: item }));
  }

  async remove(Key: Record<string, AttributeValue>): Promise<void> {
    await this.dynamo.send(new DeleteItemCommand({ TableName: SWEEPS, Key }));
  }

  async get(Key: Record<string, AttributeValue>, TableName = SWEEPS): Promise<Record<string, unknown>> {
    const { Item } = await this.dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    return plainItem(Item ?? {});
  }

  usage(stagingId: string): Promise<Record<string, unknown>> {
    return this.get({ staging_id: { S: stagingId } }, USAGE);
  }

  /** Opens a row of the usage table like the provider. */
  openUsage(stagingId: string): Promise<void> {
    return this.put({ staging_id: { S: stagingId } }, USAGE);
  }

  /** A sweep of one region. */
  async sweep(command: string, count: number, options: SweepOptions = {}): Promise<TestSweep> {
    const { rows = [], workers = 1, datasets = [], ...changes } = options;
    const id = newSweepId();
    const meta: SweepMeta = {
      ...{ sweepId: id, name: "test", stack: parseStackName(`dev.${id}`), count, regions: [PRIMARY] },
      ...{ entries: datasets.map(({ stagingId }) => stagingId), command },
      ...{
        retries: { interrupted: 3, error: 0 },
        timeoutSeconds: undefined,
        results: undefined,
        generation: 0,
      },
      ...{ createdAt: new Date(), deadlineAt: new Date(Date.now() + 3_600_000) },
      ...{ startedAt: new Date(), cancelledAt: undefined },
      ...changes,
    };
    const sweep = new TestSweep(this, meta, datasets);
    await sweep.putMeta({});
    await this.put(regionItem(newRegionItem(id, { region: PRIMARY, start: 0, end: count }, workers)));
    for (let index = 0; index < count; index += 1) {
      const row = rows[index] ?? [];
      await sweep.putIndex(newIndex(id, index), row);
    }
    return sweep;
  }

  /** An instance of the sweep whose user data have run, up to the start of the worker. */
  async instance(sweep: TestSweep, number = 1): Promise<TestInstance> {
    const root = await mkdtemp(join(this.cloud.folder, "instance "));
    const instance = await TestInstance.start(root, instanceId(number), PRIMARY);
    this.#instances.push(instance);
    await writeFile(join(root, "bin", "systemctl"), `#!/bin/sh\necho "$*" >>'${root}/systemctl'\n`, {
      mode: 0o755,
    });
    const { code, stderr } = await runCommand("sh", ["-c", sweep.bootScript()], {
      env: { PATH: `${join(root, "bin")}:${process.env["PATH"]}`, SPAWN_ROOT: root },
    });
    if (code !== 0) throw new Error(`the boot script failed: ${stderr}`);
    return instance;
  }
}

export const instanceId = (number: number): string => `i-${String(number).padStart(17, "0")}`;

const newIndex = (sweepId: SweepId, index: number): IndexItem => ({
  ...{ sweepId, index, region: PRIMARY, params: undefined, generation: 0, attempt: 0 },
  ...{ interruptions: 0, errors: 0, exitCode: undefined, error: undefined, state: "pending" },
});

/** A staged tree as a dataset of a sweep. */
export const datasetOf = (entry: StagedEntry, destination: string): SweepDataset => ({
  stagingId: entry.stagingId,
  kind: entry.kind,
  filename: entry.filename,
  sizeBytes: entry.sizeBytes,
  manifestSha256: entry.manifestSha256,
  destination,
  copies: [{ region: PRIMARY, bucket: bucketOf(PRIMARY) }],
});

/** The items of one sweep. */
export class TestSweep {
  readonly id: SweepId;
  readonly meta: SweepMeta;
  readonly #fixture: WorkerFixture;
  readonly #datasets: readonly SweepDataset[];

  constructor(fixture: WorkerFixture, meta: SweepMeta, datasets: readonly SweepDataset[]) {
    this.#fixture = fixture;
    this.meta = meta;
    this.id = meta.sweepId;
    this.#datasets = datasets;
  }

  bootScript(): string {
    return renderBootScript(this.#fixture.templates, {
      ...{
        sweepId: this.id,
        table: SWEEPS,
        tableRegion: PRIMARY,
        usageTable: USAGE,
        datasets: this.#datasets,
      },
      logBuckets: [{ region: PRIMARY, bucket: bucketOf(PRIMARY) }],
      logTtlTag: { key: "spawn:ttl-days", value: "30" },
    });
  }

  #key(item: string): Record<string, AttributeValue> {
    return { [SWEEP_KEY]: { S: this.id }, [ITEM_KEY]: { S: item } };
  }

  putMeta(changes: Partial<SweepMeta>): Promise<void> {
    return this.#fixture.put({
      ...metaItem({ ...this.meta, ...changes }),
      expires_epoch: { N: "4102444800" },
    });
  }

  async index(index: number): Promise<IndexItem> {
    return parseIndexItem(await this.#fixture.get(this.#key(indexItemKey(index))));
  }

  /** Writes the item of an index with a row's attributes, or with its own. */
  async putIndex(item: IndexItem, row: readonly Parameter[] = []): Promise<void> {
    await this.#fixture.put({ ...indexItem(item), ...rowAttributes(row) });
  }

  async region(): Promise<RegionItem> {
    return parseRegionItem(await this.#fixture.get(this.#key(regionItemKey(PRIMARY))));
  }

  putRegion(item: RegionItem): Promise<void> {
    return this.#fixture.put(regionItem(item));
  }

  async marker(instance: string, stagingId: string): Promise<Record<string, unknown>> {
    return this.#fixture.get(this.#key(`instance#${instance}#${stagingId}`));
  }

  async log(index: number, attempt: number, region: Region = PRIMARY): Promise<string> {
    const { bytes } = await this.#fixture.cloud.object(region, logKey(this.id, index, attempt));
    return bytes.toString();
  }

  async logTags(index: number, attempt: number): Promise<unknown> {
    const { TagSet } = await this.#fixture.cloud.s3
      .of(PRIMARY)
      .send(new GetObjectTaggingCommand({ Bucket: bucketOf(PRIMARY), Key: logKey(this.id, index, attempt) }));
    return TagSet;
  }
}
