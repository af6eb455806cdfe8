import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { S3Client } from "@aws-sdk/client-s3";
import { packageRoot, spawnPaths, stateUrlOf } from "../local/paths.ts";
import type { OnProgress } from "../local/progress.ts";
import { readUserConfig } from "../stacks/user-config.ts";
import type { EntrySpec } from "../staging/entry.ts";
import { type EnvironmentSettings, parseEnvironmentName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import type { Region } from "../staging/regions.ts";
import type { CloudOfError } from "./aws-errors.ts";
import type { Tables } from "./services/records.ts";

/** What every AWS client of one region is made with. */
export interface ClientConfig {
  readonly region: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly maxAttempts: number;
  /** Milliseconds for a connection to be made, and in which nothing may move on it. */
  readonly requestHandler: { readonly connectionTimeout: number; readonly socketTimeout: number };
}

/** Shows what takes long; `done` ends its line. */
export interface StepPrinter {
  readonly onProgress: OnProgress;
  readonly done: () => void;
}

export interface Environment {
  readonly settings: EnvironmentSettings;
  /** Entries that the environment's configuration declares. */
  readonly entries: readonly EntrySpec[];
}

/** The local cloud takes any keys; these are the ones that its account is known by. */
export const LOCAL_CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" } as const;

/**
 * What a command works on: one environment, its cloud, and clients for it. Everything is loaded when it is first
 * asked for, so that a command pays only for what it uses.
 */
export class Context {
  readonly environmentName: string;
  readonly #progress: StepPrinter;
  #environment: Promise<Environment> | undefined;
  #endpoint: Promise<string | undefined> | undefined;
  #dynamo: Promise<DynamoDBClient> | undefined;
  readonly #s3 = new Map<Region, Promise<S3Client>>();
  /** What is known so far, for errors. */
  #known: { cloud?: "local" | "aws"; endpoint?: string } = {};

  /**
   * @param progress told when something takes long, such as the first start of the local cloud
   * @throws InputError when `environmentName` cannot be one
   */
  constructor(environmentName: string, progress: StepPrinter) {
    this.environmentName = parseEnvironmentName(environmentName);
    this.#progress = progress;
  }

  /** The folder of `Pulumi.yaml` and of the environments' settings files. */
  get projectFolder(): string {
    return packageRoot();
  }

  /** @throws InputError when the environment has no settings file or the file is not valid */
  environment(): Promise<Environment> {
    this.#environment ??= this.#readEnvironment();
    return this.#environment;
  }

  async #readEnvironment(): Promise<Environment> {
    const { readEnvironmentFile } = await import("../stacks/environment-file.ts");
    const environment = await readEnvironmentFile(this.projectFolder, this.environmentName);
    this.#known.cloud = environment.settings.cloud;
    return environment;
  }

  async settings(): Promise<EnvironmentSettings> {
    return (await this.environment()).settings;
  }

  /**
   * The endpoint of the environment's cloud; undefined for AWS's own. `AWS_ENDPOINT_URL` wins; else the local cloud is
   * started where the environment is local and it is not running.
   */
  endpoint(): Promise<string | undefined> {
    this.#endpoint ??= this.#findEndpoint();
    return this.#endpoint;
  }

  async #findEndpoint(): Promise<string | undefined> {
    const [{ cloud }, { usersEndpoint }] = await Promise.all([
      this.settings(),
      import("../local/tool-environment.ts"),
    ]);
    const own = usersEndpoint();
    if (cloud === "aws" && own === undefined && process.env["AWS_ENDPOINT_URL"]) {
      throw new InputError(
        `environment ${this.environmentName} is in AWS, but this shell is set to the local cloud`,
        {
          why: "It has the variables of spawn env: AWS_ENDPOINT_URL and the local cloud's keys.",
          fix: "Use another shell, or unset AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY first.",
        },
      );
    }
    const endpoint = own ?? (cloud === "local" ? await this.#startCloud() : undefined);
    if (endpoint !== undefined) this.#known.endpoint = endpoint;
    return endpoint;
  }

  async #startCloud(): Promise<string> {
    const { ensureCloud } = await import("../local/cloud/cloud.ts");
    try {
      const { endpoint, movedFrom } = await ensureCloud({ onProgress: this.#progress.onProgress });
      if (movedFrom !== undefined) {
        this.#progress.onProgress({ text: `The local cloud moved from ${movedFrom} to ${endpoint}` });
      }
      return endpoint;
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

  /** Settings for a client of any AWS service in `region`. */
  async clientConfig(region: string): Promise<ClientConfig> {
    const [{ cloud }, endpoint] = await Promise.all([this.settings(), this.endpoint()]);
    return {
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(cloud === "local" && !(await this.#hasOwnKeys()) ? { credentials: LOCAL_CREDENTIALS } : {}),
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 5_000, socketTimeout: 30_000 },
    };
  }

  /** Whether an endpoint and keys for it are the user's own: the rule by which the engine's environment is made, too. */
  async #hasOwnKeys(): Promise<boolean> {
    const { usersEndpoint } = await import("../local/tool-environment.ts");
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
    return usersEndpoint() !== undefined && Boolean(AWS_ACCESS_KEY_ID) && Boolean(AWS_SECRET_ACCESS_KEY);
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
      this.settings().then(({ tableRegion }) => this.clientConfig(tableRegion)),
    ]);
    return makeDynamoDBClient(config);
  }

  /** The environment's tables, for the functions of `services/records.ts`. */
  async tables(): Promise<Tables> {
    const [settings, client] = await Promise.all([this.settings(), this.dynamo()]);
    return { client, settings };
  }

  /** The S3 client of `region`: a request to a bucket in another region than its client's is turned away. */
  s3(region: Region): Promise<S3Client> {
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
      this.clientConfig(region),
    ]);
    return makeS3Client(config);
  }

  /** Where requests went, as far as it is known: for the texts of errors. Loads nothing. */
  get at(): CloudOfError {
    const { cloud, endpoint } = this.#known;
    return { environment: this.environmentName, cloud, endpoint };
  }
}
