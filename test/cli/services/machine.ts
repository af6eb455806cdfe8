import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AttributeValue, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import type { Context, EntryContext } from "../../../cli/context.ts";
import type { StateResource } from "../../../cli/engine/state.ts";
import { serviceSettings } from "../../../connection/access.ts";
import { resolveConnection } from "../../../connection/connection.ts";
import { sdkStore } from "../../../provider/store/client.ts";
import { type AccountId, parseAccountId } from "../../../staging/accounts.ts";
import { TTL_TAG } from "../../../staging/classes.ts";
import type { EntrySpec } from "../../../staging/entry.ts";
import type { EnvironmentSettings } from "../../../staging/environment.ts";
import { recordItem, type StagingRecord } from "../../../staging/record.ts";
import { parseRegion, type Region } from "../../../staging/regions.ts";
import { awsError } from "../../support/failure.ts";
import { type AnswerS3, fakeHandler, fakeS3 } from "../../support/fake-s3.ts";
import { fullSettings, testRecord } from "../records.ts";

type Item = Record<string, AttributeValue>;
/** The response to a request of DynamoDB, by the name of its command; undefined: the one of the tables' content. */
export type AnswerDynamo = (command: string, input: DynamoInput) => object | undefined;
export interface DynamoInput {
  readonly TableName?: string;
  readonly Key?: Item;
  readonly IndexName?: string;
  readonly ExpressionAttributeValues?: Item;
}

/** The content of the fakes of AWS, and their responses in place of that. */
export interface World {
  readonly settings?: EnvironmentSettings;
  readonly records?: readonly StagingRecord[];
  readonly rows?: readonly Item[];
  /** Entries that the environment's file declares. */
  readonly declared?: readonly EntrySpec[];
  readonly s3?: AnswerS3 | undefined;
  readonly dynamo?: AnswerDynamo | undefined;
  readonly iam?: IAMClient;
  readonly account?: AccountId;
  readonly stateUrl?: string;
}

type MachineContext = EntryContext & {
  anyBucketsS3(region: Region): Promise<S3Client>;
  dynamo(): Promise<DynamoDBClient>;
  iam(): Promise<IAMClient>;
  environment: Context["environment"];
  endpoint(): Promise<string | undefined>;
};

/** A resource of an entry in the state of its stack. */
export const entryResource = (
  type: string,
  inputs: Readonly<Record<string, unknown>>,
  more: Partial<StateResource> = {},
): StateResource => ({
  urn: `urn:pulumi:dev::spawn::${type}::${inputs["stagingId"]}-${type.split(":").at(-1)}`,
  type,
  inputs,
  ...more,
});

/** An environment that is up, for credentials that may not read the settings of its buckets. */
export function inEnvironment({ s3, dynamo, ...world }: World): World {
  const denied = (query: object) => ["versioning", "lifecycle", "replication"].some((name) => name in query);
  return {
    iam: { send: () => Promise.reject(awsError("AccessDenied")) } as unknown as IAMClient,
    ...world,
    s3: (request) => (denied(request.query) ? { status: 403, code: "AccessDenied" } : s3?.(request)),
    dynamo: (command, input) => (command === "DescribeTable" ? { Table: {} } : dynamo?.(command, input)),
  };
}

/** A record of an entry that was uploaded a moment ago. */
export const freshRecord = (changes: Partial<StagingRecord> = {}): StagingRecord =>
  testRecord({ uploadedAt: new Date(Math.floor(Date.now() / 1000) * 1000), sizeBytes: 5, ...changes });

/** Buckets that hold a staged file with its manifest and tags, whole in every region but the missing ones. */
export function holding(record: StagingRecord, missing: readonly string[] = []): AnswerS3 {
  const objects = new Map([
    [record.key, { size: record.sizeBytes, sha256: record.sha256 }],
    [record.manifestKey, { size: 7, sha256: record.manifestSha256 }],
  ]);
  return ({ method, bucket, key, query }) => {
    if (missing.includes(bucket)) return undefined;
    const object = objects.get(key);
    if (method === "HEAD" && object !== undefined)
      return {
        headers: {
          "content-length": String(object.size),
          etag: `"${object.sha256}"`,
          "last-modified": record.uploadedAt.toUTCString(),
          ...{ "x-amz-meta-spawn-part-size": "0", "x-amz-meta-spawn-sha256": object.sha256 },
        },
      };
    if ("tagging" in query && object !== undefined)
      return {
        body: `<T><TagSet><Tag><Key>${TTL_TAG}</Key><Value>${record.ttl}</Value></Tag></TagSet></T>`,
      };
    if (query["list-type"] === "2") {
      const list = [...objects].map(
        ([name, { size }]) =>
          `<Contents><Key>${name}</Key><Size>${size}</Size><LastModified>${record.uploadedAt.toISOString()}</LastModified></Contents>`,
      );
      return { body: `<R>${list.join("")}</R>` };
    }
    return undefined;
  };
}

/**
 * A data folder with a `file://` backend, a script in place of `pulumi`, and fakes of AWS. Engine commands and writes to AWS go to
 * one log, in their order.
 */
export class Machine {
  #started: { readonly home: string; readonly saved: NodeJS.ProcessEnv } | undefined;

  private constructor() {}

  /** A fresh machine for each test of the surrounding suite. */
  static forEachTest(): Machine {
    const machine = new Machine();
    beforeEach(() => machine.#start());
    afterEach(() => machine.#stop());
    return machine;
  }

  get home(): string {
    if (this.#started === undefined) throw new Error("the machine runs only during a test");
    return this.#started.home;
  }

  async #start(): Promise<void> {
    const home = await mkdtemp(join(tmpdir(), "spawn-machine-"));
    this.#started = { home, saved: { ...process.env } };
    await this.write("bin/pulumi", SCRIPT.replaceAll("LOG", join(home, "log")));
    await chmod(join(home, "bin/pulumi"), 0o755);
    await this.write("log", "");
    await this.write("state/.pulumi/meta.yaml", "version: 1\n");
    Object.assign(process.env, {
      ...{ SPAWN_HOME: home, SPAWN_CONFIG: join(home, "config") },
      PATH: [join(home, "bin"), process.env["PATH"]].join(delimiter),
    });
    delete process.env["PULUMI_BACKEND_URL"];
  }

  async #stop(): Promise<void> {
    if (this.#started === undefined) return;
    const { home, saved } = this.#started;
    this.#started = undefined;
    process.env = saved;
    // An engine session that a failed command has left may still write its project.
    await rm(home, { recursive: true, maxRetries: 10 });
  }

  get stateUrl(): string {
    return pathToFileURL(join(this.home, "state")).href;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.home, path)), { recursive: true });
    await writeFile(join(this.home, path), text);
  }

  /** The text of a file; "" if it does not exist. */
  read(path: string): Promise<string> {
    return readFile(join(this.home, path), "utf8").catch(() => "");
  }

  /** The paths of this machine's files below a folder of the data. */
  async files(folder: string): Promise<string[]> {
    return (await readdir(join(this.home, "data", folder)).catch(() => [])).sort();
  }

  /** Writes a stack's state. */
  stack(
    name: string,
    resources: readonly StateResource[] = [],
    pending: readonly StateResource[] = [],
    backend = "state",
  ): Promise<void> {
    const operations = pending.map((resource) => ({ type: "creating", resource }));
    const latest = { resources, ...(pending.length === 0 ? {} : { pending_operations: operations }) };
    const text = JSON.stringify({ version: 3, checkpoint: { latest } });
    return this.write(`${backend}/.pulumi/stacks/spawn/${name}.json`, text);
  }

  /** How the engine responds to a command (`up`, `destroy`, `stack-export`): a shell script. */
  engine(command: string, script: string): Promise<void> {
    return this.write(`bin/${command}.sh`, `${script}\n`);
  }

  /** Engine commands without their options, and writes to AWS. */
  async log(): Promise<string[]> {
    const lines = (await this.read("log")).split("\n").filter(Boolean);
    return lines.map((line) => line.replace(/ --.*/, ""));
  }

  context(world: World = {}): MachineContext {
    const { settings = fullSettings(), declared = [], account = parseAccountId("123456789012") } = world;
    const log = (line: string) => appendFile(join(this.home, "log"), `${line}\n`);
    const client = fakeDynamo(world, log);
    const s3 = async (region: Region) =>
      fakeS3(async (request) => {
        const { method, bucket, key } = request;
        if (method !== "GET" && method !== "HEAD") await log(`${method} s3://${bucket}/${key}`);
        return await world.s3?.(request);
      }, region);
    const unexpected = (name: string): never => {
      throw new Error(`not expected: ${name}`);
    };
    const connection = resolveConnection({
      AWS_ENDPOINT_URL: "http://127.0.0.1:9",
      ...{ AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    });
    return {
      environmentName: settings.name,
      at: { environment: settings.name, connection: undefined },
      settings: async () => settings,
      environment: async () => ({ settings, entries: declared }),
      tables: async () => ({ client, settings }),
      dynamo: async () => client,
      account: async () => account,
      ...{
        s3,
        anyBucketsS3: s3,
        store: async (region: Region) => sdkStore(await s3(region), region),
        iam: async () => world.iam ?? unexpected("IAM"),
        endpoint: async () => undefined,
      },
      target: async () => ({
        cloud: "local",
        endpoint: "http://127.0.0.1:9",
        region: parseRegion("us-east-1"),
      }),
      stateUrl: async () => world.stateUrl ?? this.stateUrl,
      stateObjects: async () => undefined,
      connection: async () => connection,
      clientConfig: async (_service, region) => ({
        ...serviceSettings({ program: "cli", connection }, "S3", region),
        ...{
          maxAttempts: 1,
          requestHandler: fakeHandler(() => ({ status: 404, code: "NoSuchAccessPoint" })),
        },
      }),
    };
  }
}

function fakeDynamo(
  { settings = fullSettings(), records = [], rows = [], dynamo }: World,
  log: (line: string) => Promise<void>,
): DynamoDBClient {
  const items = new Map<string, Item[]>([
    [settings.recordsTable, records.map(recordItem)],
    [settings.usageTable, [...rows]],
  ]);
  const send = async ({
    constructor: { name },
    input,
  }: {
    input: DynamoInput;
    constructor: { name: string };
  }) => {
    const command = name.replace(/Command$/, "");
    const { TableName = "", Key = {} } = input;
    if (/^(Put|Update|Delete)/.test(command)) await log(`${command} ${TableName}`);
    const given = dynamo?.(command, input);
    if (given instanceof Error) throw given;
    if (given !== undefined) return given;
    const all = items.get(TableName) ?? [];
    const isSame = (item: Item) => Object.entries(Key).every(([key, value]) => item[key]?.S === value.S);
    if (command === "GetItem") return { Item: all.find(isSame) };
    if (command === "DeleteItem")
      items.set(
        TableName,
        all.filter((item) => !isSame(item)),
      );
    return { Items: all };
  };
  return { send } as unknown as DynamoDBClient;
}

/** An engine that keeps states like the real one, records each command, and succeeds unless a script says otherwise. */
const SCRIPT = `#!/bin/sh
[ "$1" = version ] && { echo v3.259.0; exit 0; }
echo "pulumi $*" >> 'LOG'
name=$1; case $1 in stack|state) name=$1-$2 ;; esac
stack=; file=; previous=
for word do
  case $previous in --stack) stack=\${word##*/} ;; --file) file=$word ;; esac
  previous=$word
done
own=$(dirname "$0")/$name.sh
[ -f "$own" ] && . "$own"
at=\${PULUMI_BACKEND_URL#file://}/.pulumi/stacks/spawn/$stack.json
case $name in
  stack-export)
    [ -f "$at" ] || { echo "error: no stack named '$stack' found" >&2; exit 255; }
    sed -e 's/^{"version":3,"checkpoint":{"latest":\\(.*\\)}}$/{"version":3,"deployment":\\1}/' -e 's/^{"version":3,"checkpoint".*/{"version":3,"deployment":null}/' "$at" ;;
  stack-import) sed 's/^{"version":3,"deployment":\\(.*\\)}$/{"version":3,"checkpoint":{"latest":\\1}}/' "$file" > "$at" ;;
  stack-output) echo '{}' ;;
  stack-rm) rm "$at" ;;
  destroy) case $* in *--remove*) rm -f "$at" ;; esac ;;
esac
`;
