import { text } from "node:stream/consumers";
import { HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import type { ClientConfig } from "../../connection/access.ts";
import { isDenied, isNoSuchBucket, isNotFound } from "../../connection/errors/kinds.ts";
import type { ObjectStore } from "../../provider/store/object-store.ts";
import { isOfOtherAccount } from "../../provider/survey/bucket.ts";
import type { AccountId } from "../../staging/accounts.ts";
import { UserError } from "../../staging/errors.ts";
import { foreignBucket } from "../../staging/ownership/account.ts";
import { accountInName, type StatePlace } from "../../staging/state-bucket.ts";
import { commandLine } from "../command-line.ts";

/** Configuration of AWS clients for the state's bucket. */
interface StateCloud {
  readonly environmentName: string;
  clientConfig(service: "S3", region: string): Promise<ClientConfig>;
  account(): Promise<AccountId | undefined>;
}

/**
 * spawn's own small objects beside the engine's, in the bucket of the state. They exist only for backend URLs of the form that
 * `environment bootstrap` writes.
 */
export class BucketObjects {
  readonly #cloud: StateCloud;
  readonly #place: StatePlace;
  #s3Of: Promise<{ readonly client: S3Client; readonly store: ObjectStore }> | undefined;

  constructor(cloud: StateCloud, place: StatePlace) {
    this.#cloud = cloud;
    this.#place = place;
  }

  get url(): string {
    return `s3://${this.#place.bucket}`;
  }

  /** If the bucket's name contains an account, every request names that account as the expected owner. */
  async #s3(): Promise<{ readonly client: S3Client; readonly store: ObjectStore }> {
    this.#s3Of ??= Promise.all([
      import("../../provider/store/client.ts"),
      this.#cloud.clientConfig("S3", this.#place.region),
    ]).then(([{ createS3Client, sdkStore }, config]) => {
      const account = accountInName(this.#place.bucket);
      const owner = account === undefined ? undefined : async () => account;
      const client = createS3Client(config, { owner });
      return { client, store: sdkStore(client, this.#place.region) };
    });
    return await this.#s3Of;
  }

  /** @throws UserError if the bucket does not exist @throws InputError if its owner is not the account in its name */
  async check(): Promise<void> {
    const { bucket, region } = this.#place;
    if (!(await this.exists())) {
      const environment = this.#cloud.environmentName;
      throw new UserError(`the state bucket ${bucket} does not exist`, {
        why: `backend.url of spawn config, or PULUMI_BACKEND_URL, names it. It was deleted, or is in another region than ${region}.`,
        fix: `To create it: ${commandLine("spawn environment bootstrap", environment)}. To return to the previous state: ${commandLine("spawn config unset backend.url", environment)}`,
      });
    }
  }

  /** @throws InputError if the bucket's owner is not the account in its name */
  async exists(): Promise<boolean> {
    const { bucket, region } = this.#place;
    const { client } = await this.#s3();
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      const account = accountInName(bucket);
      if (!isDenied(error) || account === undefined) return true;
      if (!(await isOfOtherAccount(bucket, client, {}))) return true; // the engine reports the missing permission
      const named = `Its name says account ${account}. Its owner could change the state of your stacks.`;
      const command = commandLine("spawn environment bootstrap --bucket NAME", this.#cloud.environmentName);
      const fix = `Use another backend: ${command}`;
      throw foreignBucket(bucket, region, await this.#cloud.account(), { named, fix });
    }
  }

  /** Lists the keys with the prefix. */
  async list(prefix: string): Promise<string[]> {
    const { store } = await this.#s3();
    const keys: string[] = [];
    for await (const { key } of store.listObjects({ bucket: this.#place.bucket, prefix })) keys.push(key);
    return keys;
  }

  /** @returns undefined if the object does not exist */
  async read(key: string): Promise<string | undefined> {
    const { store } = await this.#s3();
    try {
      return await text(await store.get({ bucket: this.#place.bucket, key }));
    } catch (error) {
      if (isNotFound(error) && !isNoSuchBucket(error)) return undefined;
      throw error;
    }
  }

  async write(key: string, content: string): Promise<void> {
    const { store } = await this.#s3();
    await store.put({ bucket: this.#place.bucket, key, body: Buffer.from(content) });
  }

  async remove(key: string): Promise<void> {
    const { store } = await this.#s3();
    await store.delete({ bucket: this.#place.bucket, key });
  }
}
