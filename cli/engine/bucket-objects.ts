import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { ClientConfig } from "../../connection/access.ts";
import { isDenied, isNoSuchBucket, isNotFound } from "../../connection/errors/kinds.ts";
import { listObjects } from "../../provider/store/listing.ts";
import { isOfOtherAccount } from "../../provider/survey/bucket.ts";
import type { AccountId } from "../../staging/accounts.ts";
import { UserError } from "../../staging/errors.ts";
import { foreignBucket } from "../../staging/ownership/account.ts";
import { accountInName, type StatePlace } from "../../staging/state-bucket.ts";
import { commandLine } from "../command-line.ts";

/** Where the command line's AWS clients come from. */
export interface StateCloud {
  readonly environmentName: string;
  clientConfig(service: "S3", region: string): Promise<ClientConfig>;
  account(): Promise<AccountId | undefined>;
}

/**
 * Small objects beside the engine's own, in the bucket that holds the state. Only backends of the form that `environment bootstrap`
 * writes have them.
 */
export class BucketObjects {
  readonly #cloud: StateCloud;
  readonly #place: StatePlace;
  #client: Promise<S3Client> | undefined;

  constructor(cloud: StateCloud, place: StatePlace) {
    this.#cloud = cloud;
    this.#place = place;
  }

  get url(): string {
    return `s3://${this.#place.bucket}`;
  }

  /** Every request names the account that the bucket's name tells. The bucket of another name may be anybody's. */
  async #s3(): Promise<S3Client> {
    this.#client ??= Promise.all([
      import("../clients/s3.ts"),
      this.#cloud.clientConfig("S3", this.#place.region),
    ]).then(([{ makeS3Client }, config]) => {
      const account = accountInName(this.#place.bucket);
      return makeS3Client(config, account === undefined ? undefined : async () => account);
    });
    return await this.#client;
  }

  /** @throws UserError when there is no such bucket @throws InputError when it belongs to another account than its name says */
  async check(): Promise<void> {
    const { bucket, region } = this.#place;
    if (!(await this.isThere())) {
      const environment = this.#cloud.environmentName;
      throw new UserError(`the bucket ${bucket} of the state is not there`, {
        why: `backend.url of spawn config, or PULUMI_BACKEND_URL, names it. It was deleted, or is in another region than ${region}.`,
        fix: `${commandLine("spawn environment bootstrap", environment)} makes it; to use the former state again: ${commandLine("spawn config unset backend.url", environment)}`,
      });
    }
  }

  /** Whether there is such a bucket. @throws InputError when it belongs to another account than its name says */
  async isThere(): Promise<boolean> {
    const { bucket, region } = this.#place;
    const client = await this.#s3();
    try {
      await client.send(new HeadBucketCommand({ Bucket: bucket }));
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      const account = accountInName(bucket);
      if (!isDenied(error) || account === undefined) return true;
      if (!(await isOfOtherAccount(bucket, client, {}))) return true; // the engine tells what it may not do
      const named = `Its name says account ${account}. Its owner could change the state of your stacks.`;
      const command = commandLine("spawn environment bootstrap --bucket NAME", this.#cloud.environmentName);
      const fix = `Use another backend: ${command}`;
      throw foreignBucket(bucket, region, await this.#cloud.account(), { named, fix });
    }
  }

  /** Keys that begin with `prefix`. */
  async list(prefix: string): Promise<string[]> {
    const { signal } = new AbortController();
    const keys: string[] = [];
    for await (const { key } of listObjects(await this.#s3(), this.#place.bucket, prefix, signal))
      keys.push(key);
    return keys;
  }

  /** @returns undefined where there is no such object */
  async read(Key: string): Promise<string | undefined> {
    const client = await this.#s3();
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: this.#place.bucket, Key }));
      return await Body?.transformToString();
    } catch (error) {
      if (isNotFound(error) && !isNoSuchBucket(error)) return undefined;
      throw error;
    }
  }

  async write(Key: string, Body: string): Promise<void> {
    const client = await this.#s3();
    await client.send(new PutObjectCommand({ Bucket: this.#place.bucket, Key, Body }));
  }

  async remove(Key: string): Promise<void> {
    const client = await this.#s3();
    await client.send(new DeleteObjectCommand({ Bucket: this.#place.bucket, Key }));
  }
}
