import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { S3Client } from "@aws-sdk/client-s3";
import type { ClientConfig } from "../connection/access.ts";
import { connectionVariables, type Target } from "../connection/child-variables.ts";
import { type Connection, resolveConnection } from "../connection/connection.ts";
import type { Service } from "../connection/endpoints.ts";
import { applyChanges } from "../connection/process.ts";
import { isOnLocalCloud, usersEndpoint } from "../connection/variables.ts";
import type { RunningCloud } from "../local/cloud/cloud.ts";
import { spawnPaths, stateUrlOf } from "../local/paths.ts";
import type { OnProgress } from "../local/progress.ts";
import { packageRoot } from "../package-root.ts";
import type { ConfiguredProfile } from "../stacks/aws-config.ts";
import { readUserConfig } from "../stacks/user-config.ts";
import type { AccountId } from "../staging/accounts.ts";
import type { EntrySpec } from "../staging/entry.ts";
import { type EnvironmentSettings, parseEnvironmentName } from "../staging/environment.ts";
import type { TableFact } from "../staging/ownership/names.ts";
import type { Region } from "../staging/regions.ts";
import { statePlaceOf } from "../staging/state-bucket.ts";
import type { CloudOfError } from "./aws-errors.ts";
import type { BucketObjects } from "./engine/bucket-objects.ts";
import type { SessionSource } from "./engine/session.ts";
import type { Tables } from "./services/entry/records.ts";
import { shellOfLocalCloud } from "./shell-of-local-cloud.ts";

/** Shows what takes long; `done` ends its line. */
export interface StepPrinter {
  readonly onProgress: OnProgress;
  readonly done: () => void;
}

export interface Environment {
  readonly settings: EnvironmentSettings;
  /** Entries that the environment's configuration declares. */
  readonly entries: readonly EntrySpec[];
  /** The AWS profile that the configuration names. */
  readonly profile?: ConfiguredProfile | undefined;
}

/**
 * What a command works on: one environment, its cloud, and clients for it. Everything is loaded when it is first
 * asked for, so that a command pays only for what it uses.
 */
export class Context {
  readonly environmentName: string;
  readonly #progress: StepPrinter;
  #environment: Promise<Environment> | undefined;
  #target: Promise<Target> | undefined;
  #connection: Promise<Connection> | undefined;
  #dynamo: Promise<DynamoDBClient> | undefined;
  #tables: Promise<Tables> | undefined;
  #tableFacts: Promise<readonly TableFact[]> | undefined;
  #account: Promise<AccountId | undefined> | undefined;
  #iam: Promise<IAMClient> | undefined;
  readonly #s3 = new Map<Region, Promise<S3Client>>();
  /** Regions with a bucket that is known to belong to the environment. */
  readonly #ownS3 = new Map<Region, Promise<S3Client>>();
  /** For errors. */
  #resolved: Connection | undefined;

  /**
   * @param progress told when something takes long, such as the first start of the local cloud
   * @throws InputError when `environmentName` cannot be one
   */
  constructor(environmentName: string, progress: StepPrinter) {
    this.environmentName = parseEnvironmentName(environmentName);
    this.#progress = progress;
  }

  /** The folder of `Pulumi.yaml` and of the environments' settings files. */
  readonly projectFolder = packageRoot();

  /** @throws InputError when the environment has no settings file or the file is not valid */
  environment(): Promise<Environment> {
    this.#environment ??= this.#readEnvironment();
    return this.#environment;
  }

  async #readEnvironment(): Promise<Environment> {
    const { readEnvironmentFile } = await import("../stacks/environment-config.ts");
    return await readEnvironmentFile(this.projectFolder, this.environmentName);
  }

  async settings(): Promise<EnvironmentSettings> {
    return (await this.environment()).settings;
  }

  /**
   * The endpoint of every service, where one stands in for AWS: that of `AWS_ENDPOINT_URL`, or of the local cloud, which is
   * started where it is not running. Undefined for AWS's own.
   */
  async endpoint(): Promise<string | undefined> {
    await this.connection();
    return process.env["AWS_ENDPOINT_URL"] || undefined;
  }

  /**
   * The connection to AWS: credentials, endpoints, proxies. This process gets the same variables as its children, since the AWS SDK
   * reads some by itself.
   * @throws InputError that names the variable or the file that cannot be used
   */
  connection(): Promise<Connection> {
    this.#connection ??= this.#connect();
    return this.#connection;
  }

  async #connect(): Promise<Connection> {
    const { cloud } = await this.settings();
    const env = process.env;
    if (cloud === "aws" && isOnLocalCloud(env)) throw shellOfLocalCloud(this.environmentName);
    const target = await this.target();
    applyChanges(env, connectionVariables(env, target));
    this.#resolved = resolveConnection(env, target.cloud === "aws" ? target.profile : undefined);
    return this.#resolved;
  }

  /** The cloud that requests and the engine's plugins go to; the local one is started where it is not running. */
  target(): Promise<Target> {
    this.#target ??= this.#findTarget();
    return this.#target;
  }

  async #findTarget(): Promise<Target> {
    const { settings, profile } = await this.environment();
    const { cloud, tableRegion: region } = settings;
    if (cloud === "aws") return { cloud, profile };
    const running = usersEndpoint() === undefined ? await this.#startCloud() : undefined;
    return { cloud, endpoint: running?.endpoint, keys: running?.keys, region };
  }

  async #startCloud(): Promise<RunningCloud> {
    const { ensureCloud } = await import("../local/cloud/cloud.ts");
    try {
      const running = await ensureCloud({ onProgress: this.#progress.onProgress });
      const { endpoint, movedFrom } = running;
      if (movedFrom !== undefined) {
        this.#progress.onProgress({ text: `The local cloud moved from ${movedFrom} to ${endpoint}` });
      }
      return running;
    } finally {
      this.#progress.done();
    }
  }

  /**
   * The backend of the stacks' state: PULUMI_BACKEND_URL where the user has set it, else the one that is configured for
   * the environment, else a folder in the user's data for a local environment; undefined for what `pulumi login` has chosen.
   */
  async stateUrl(): Promise<string | undefined> {
    const own =
      process.env["PULUMI_BACKEND_URL"] ||
      readUserConfig().environments.get(this.environmentName)?.backendUrl;
    if (own) return own;
    const { cloud } = await this.settings();
    return cloud === "local" ? stateUrlOf(spawnPaths()) : undefined;
  }

  /**
   * The objects of a backend that is a bucket.
   * @param backend its URL. @default the one that is in use
   * @returns undefined for any other backend
   */
  async stateObjects(backend?: string): Promise<BucketObjects | undefined> {
    const place = statePlaceOf(backend ?? (await this.stateUrl()));
    if (place === undefined) return undefined;
    const { BucketObjects } = await import("./engine/bucket-objects.ts");
    return new BucketObjects(this, place);
  }

  /** Settings for a client of an AWS service in `region`. */
  async clientConfig(service: Service, region: string): Promise<ClientConfig> {
    const [connection, { openAccess, serviceSettings }] = await Promise.all([
      this.connection(),
      import("../connection/access.ts"),
    ]);
    const { transport } = await openAccess(connection);
    return {
      ...serviceSettings(connection, service, region),
      maxAttempts: 3,
      requestHandler: transport.handler({ connectionTimeout: 5_000, socketTimeout: 30_000 }),
    };
  }

  /** The client of the region that has the tables. */
  dynamo(): Promise<DynamoDBClient> {
    this.#dynamo ??= this.#makeDynamo();
    return this.#dynamo;
  }

  async #makeDynamo(): Promise<DynamoDBClient> {
    // The SDK takes a while to load, and the cloud a while to start: both at once.
    const [{ makeDynamoDBClient }, config] = await Promise.all([
      import("./clients/dynamodb.ts"),
      this.settings().then(({ tableRegion }) => this.clientConfig("DYNAMODB", tableRegion)),
    ]);
    return makeDynamoDBClient(config);
  }

  /**
   * The environment's tables, for the functions of `services/records.ts`.
   * @throws InputError when they belong to another environment, or are to be in another account
   */
  tables(): Promise<Tables> {
    this.#tables ??= this.#ownTables();
    return this.#tables;
  }

  async #ownTables(): Promise<Tables> {
    const [settings, client, facts, { refuseOthersTables }] = await Promise.all([
      this.settings(),
      this.dynamo(),
      this.#lookAtTables(),
      import("./services/environment/ownership.ts"),
    ]);
    if (settings.account !== undefined) await this.account();
    refuseOthersTables(settings, facts);
    const otherBuckets: Tables["otherBuckets"] = async (entry) =>
      (await import("./services/entry/other-buckets.ts")).otherBuckets(this, entry);
    return { client, settings, otherBuckets };
  }

  #lookAtTables(): Promise<readonly TableFact[]> {
    this.#tableFacts ??= Promise.all([
      this.settings(),
      this.dynamo(),
      import("./services/environment/ownership.ts"),
    ]).then(([settings, client, { lookAtTables }]) => lookAtTables(settings, client));
    return this.#tableFacts;
  }

  /**
   * The account of the credentials in use, which is the environment's; undefined where the server has no accounts
   * (`connection/account.ts`). The ARNs of the tables tell it; STS is asked only where there are no tables.
   * @throws InputError when the environment is to be in another account
   * @throws UserError when AWS does not tell
   */
  account(): Promise<AccountId | undefined> {
    this.#account ??= import("./services/environment/account.ts").then(({ findAccount }) =>
      findAccount(this, () => this.#lookAtTables()),
    );
    return this.#account;
  }

  /**
   * The S3 client for the environment's bucket in `region`.
   * @throws InputError when the bucket belongs to another environment or account
   */
  s3(region: Region): Promise<S3Client> {
    let client = this.#ownS3.get(region);
    if (client === undefined) {
      client = this.#checkedS3(region);
      this.#ownS3.set(region, client);
    }
    return client;
  }

  async #checkedS3(region: Region): Promise<S3Client> {
    const [settings, client, account, { refuseOthersBucket }] = await Promise.all([
      this.settings(),
      this.anyBucketsS3(region),
      this.account(),
      import("./services/environment/ownership.ts"),
    ]);
    await refuseOthersBucket(settings, region, client, account);
    return client;
  }

  /** The client of IAM, which is the same for all regions. */
  async iam(): Promise<IAMClient> {
    this.#iam ??= Promise.all([import("./clients/iam.ts"), this.clientConfig("IAM", "us-east-1")]).then(
      ([{ makeIamClient }, config]) => makeIamClient(config),
    );
    return await this.#iam;
  }

  /**
   * The S3 client of `region` for checking buckets of any environment. Its requests expect the bucket to be in the account of the
   * credentials. AWS refuses a request to a bucket in another region than the client's.
   */
  anyBucketsS3(region: Region): Promise<S3Client> {
    let client = this.#s3.get(region);
    if (client === undefined) {
      client = this.#makeS3(region);
      this.#s3.set(region, client);
    }
    return client;
  }

  async #makeS3(region: Region): Promise<S3Client> {
    const [{ makeS3Client }, config] = await Promise.all([
      import("./clients/s3.ts"),
      this.clientConfig("S3", region),
    ]);
    return makeS3Client(config, () => this.account());
  }

  /** Where requests went, as far as it is known: for the texts of errors. Loads nothing. */
  get at(): CloudOfError {
    return { environment: this.environmentName, connection: this.#resolved };
  }
}

/** What commands on one entry need: its record, its data in each region, and its stack. */
export type EntryContext = Pick<
  Context,
  "account" | "at" | "clientConfig" | "connection" | "environmentName" | "s3" | "settings" | "tables"
> &
  SessionSource;
