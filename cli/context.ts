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
import type { ObjectStore } from "../provider/store/object-store.ts";
import type { ConfiguredProfile } from "../stacks/aws-profile.ts";
import { findProjectFolder } from "../stacks/project-folder.ts";
import { readUserConfig } from "../stacks/user-config.ts";
import type { AccountId } from "../staging/accounts.ts";
import type { EntrySpec } from "../staging/entry.ts";
import { type EnvironmentSettings, parseEnvironmentName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { once, oncePer } from "../staging/once.ts";
import type { Region } from "../staging/regions.ts";
import type { TableFact } from "../staging/resources/environment-facts.ts";
import { statePlaceOf } from "../staging/state-bucket.ts";
import type { CloudOfError } from "./aws-errors.ts";
import type { BucketObjects } from "./engine/bucket-objects.ts";
import type { SessionSource } from "./engine/session.ts";
import type { Tables } from "./services/entry/records.ts";

/** Shows the progress of a long step; `done` ends its line. */
export interface StepPrinter {
  readonly onProgress: OnProgress;
  readonly done: () => void;
}

interface Environment {
  readonly settings: EnvironmentSettings;
  /** Entries that the environment's configuration declares. */
  readonly entries: readonly EntrySpec[];
  /** The AWS profile that the configuration names. */
  readonly profile?: ConfiguredProfile | undefined;
}

/** The ways to a bucket of the environment. */
interface OwnS3 {
  readonly client: S3Client;
  readonly store: ObjectStore;
}

/**
 * The environment of a command, its cloud, and AWS clients. Each member loads at its first use, so a command does not wait for
 * modules that it does not need.
 */
export class Context {
  readonly environmentName: string;
  readonly #progress: StepPrinter;
  /** The connection, once it is resolved, for errors. */
  #resolved: Connection | undefined;

  /**
   * @param progress receives long steps, such as the first start of the local cloud
   * @throws InputError if `environmentName` is not a valid name
   */
  constructor(environmentName: string, progress: StepPrinter) {
    this.environmentName = parseEnvironmentName(environmentName);
    this.#progress = progress;
  }

  /** The folder with `Pulumi.yaml` and the environments' settings files. */
  readonly projectFolder = findProjectFolder();

  /** @throws InputError if the environment's settings file is missing or not valid */
  readonly environment = once(async (): Promise<Environment> => {
    const { readEnvironmentFile } = await import("../stacks/environment-file.ts");
    return await readEnvironmentFile(this.projectFolder, this.environmentName);
  });

  async settings(): Promise<EnvironmentSettings> {
    return (await this.environment()).settings;
  }

  /**
   * The endpoint of a server that replaces AWS: `AWS_ENDPOINT_URL` or the local cloud, which is started if necessary. Undefined for
   * AWS's own endpoints.
   */
  async endpoint(): Promise<string | undefined> {
    await this.connection();
    return process.env["AWS_ENDPOINT_URL"] || undefined;
  }

  /**
   * The connection to AWS: credentials, endpoints, proxies. Also sets this process's variables to those of its children, because the
   * AWS SDK reads some of them.
   * @throws InputError that names the invalid variable or file
   */
  readonly connection = once(async (): Promise<Connection> => {
    const { cloud } = await this.settings();
    const env = process.env;
    if (cloud === "aws" && isOnLocalCloud(env)) throw shellOfLocalCloud(this.environmentName);
    const target = await this.target();
    applyChanges(env, connectionVariables(env, target));
    this.#resolved = resolveConnection(env, target.cloud === "aws" ? target.profile : undefined);
    return this.#resolved;
  });

  /** The cloud of all requests, including the plugins'. Starts the local cloud if necessary. */
  readonly target = once(async (): Promise<Target> => {
    const { settings, profile } = await this.environment();
    const { cloud, tableRegion: region } = settings;
    if (cloud === "aws") return { cloud, profile };
    const running = usersEndpoint() === undefined ? await this.#startCloud() : undefined;
    return { cloud, endpoint: running?.endpoint, keys: running?.keys, region };
  });

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
   * URL of the state's backend: PULUMI_BACKEND_URL, or the configured URL of the environment, or a folder in the user's data for a
   * local environment. Undefined for the backend that `pulumi login` chose.
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
   * The objects of a backend in a bucket.
   * @param backend its URL. @default the backend in use
   * @returns undefined for other backends
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
    const access = await openAccess("cli", connection);
    return {
      ...serviceSettings(access, service, region),
      maxAttempts: 3,
      requestHandler: access.transport.handler({ connectionTimeout: 5_000, socketTimeout: 30_000 }),
    };
  }

  /** The client of the tables' region. */
  readonly dynamo = once(async (): Promise<DynamoDBClient> => {
    // Load the SDK while the cloud starts.
    const [{ makeDynamoDBClient }, config] = await Promise.all([
      import("./clients/dynamodb.ts"),
      this.settings().then(({ tableRegion }) => this.clientConfig("DYNAMODB", tableRegion)),
    ]);
    return makeDynamoDBClient(config);
  });

  /**
   * The environment's tables.
   * @throws InputError if they belong to another environment, or the credentials to another account
   */
  readonly tables = once(async (): Promise<Tables> => {
    const [settings, client, facts, { refuseOthersTables }] = await Promise.all([
      this.settings(),
      this.dynamo(),
      this.#surveyTables(),
      import("./services/environment/ownership.ts"),
    ]);
    if (settings.account !== undefined) await this.account();
    refuseOthersTables(settings, facts);
    const otherBuckets: Tables["otherBuckets"] = async (entry) =>
      (await import("./services/entry/other-buckets.ts")).otherBuckets(this, entry);
    return { client, settings, otherBuckets };
  });

  readonly #surveyTables = once(async (): Promise<readonly TableFact[]> => {
    const [settings, client, { surveyTables }] = await Promise.all([
      this.settings(),
      this.dynamo(),
      import("./services/environment/ownership.ts"),
    ]);
    return await surveyTables(settings, client);
  });

  /**
   * The account of the credentials, checked to be the environment's; undefined if the server has no accounts
   * (`connection/account.ts`). It comes from the tables' ARNs, or from STS if there are no tables.
   * @throws InputError if the environment belongs to another account
   * @throws UserError if the account cannot be determined
   */
  readonly account = once(async (): Promise<AccountId | undefined> => {
    const { findAccount } = await import("./services/environment/account.ts");
    return await findAccount(this, this.#surveyTables);
  });

  /**
   * The S3 client for the environment's bucket in `region`.
   * @throws InputError if the bucket belongs to another environment or account
   */
  async s3(region: Region): Promise<S3Client> {
    return (await this.#ownS3(region)).client;
  }

  /** The objects of the environment's bucket in `region`. @throws InputError as {@link s3} */
  async store(region: Region): Promise<ObjectStore> {
    return (await this.#ownS3(region)).store;
  }

  readonly #ownS3 = oncePer(async (region: Region): Promise<OwnS3> => {
    const [settings, client, account, { refuseOthersBucket }, { sdkStore }] = await Promise.all([
      this.settings(),
      this.anyBucketsS3(region),
      this.account(),
      import("./services/environment/ownership.ts"),
      import("../provider/store/client.ts"),
    ]);
    await refuseOthersBucket(settings, region, client, account);
    return { client, store: sdkStore(client, region) };
  });

  /** The client of IAM, which has no regions. */
  readonly iam = once(async (): Promise<IAMClient> => {
    const [{ makeIamClient }, config] = await Promise.all([
      import("./clients/iam.ts"),
      this.clientConfig("IAM", "us-east-1"),
    ]);
    return makeIamClient(config);
  });

  /**
   * The S3 client of `region` for checking buckets of any environment. Its requests expect the bucket to be in the account of the
   * credentials. AWS refuses a request to a bucket in another region than the client's.
   */
  readonly anyBucketsS3 = oncePer(async (region: Region): Promise<S3Client> => {
    const [{ createS3Client }, config] = await Promise.all([
      import("../provider/store/client.ts"),
      this.clientConfig("S3", region),
    ]);
    return createS3Client(config, { owner: this.account });
  });

  /** The environment and the connection so far, for errors. Loads nothing. */
  get at(): CloudOfError {
    return { environment: this.environmentName, connection: this.#resolved };
  }
}

/** The part of the context that a search for everything of one entry in AWS needs. */
export type RemainsContext = Pick<
  Context,
  "account" | "at" | "clientConfig" | "environmentName" | "s3" | "settings" | "store" | "tables"
>;

/** The part of the context that commands on one entry need: its record, its data in each region, and its stack. */
export type EntryContext = RemainsContext & Pick<Context, "connection"> & SessionSource;

/** The part of the context that updates of an entry's stack need. */
export type UpdateContext = EntryContext & Pick<Context, "anyBucketsS3" | "dynamo" | "iam">;

/** The error for an environment on AWS in a shell that `spawn env` has set to the local cloud. */
const shellOfLocalCloud = (environment: string): InputError =>
  new InputError(`environment ${environment} is on AWS, but this shell is set to the local cloud`, {
    why: "The shell has the variables of spawn env: AWS_ENDPOINT_URL and the local cloud's keys.",
    fix: "Use another shell, or first: unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE",
  });
