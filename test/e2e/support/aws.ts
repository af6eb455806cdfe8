import { createHash } from "node:crypto";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import {
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type MultipartUpload,
  S3Client,
} from "@aws-sdk/client-s3";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Keys } from "../../../connection/connection.ts";

interface ObjectVersion {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  readonly deleteMarker: boolean;
}

/** The local cloud as plain AWS clients see it. */
export class Aws {
  readonly endpoint: string;
  readonly keys: Keys;
  readonly #settings;
  readonly #s3 = new Map<string, S3Client>();
  readonly #dynamo = new Map<string, DynamoDBClient>();

  constructor(endpoint: string, keys: Keys) {
    this.endpoint = endpoint;
    this.keys = keys;
    this.#settings = { endpoint, credentials: keys };
  }

  /** For commands that use AWS at `endpoint`, such as a proxy in front of the local cloud. */
  variables(endpoint: string) {
    return {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: this.keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.keys.secretAccessKey,
    };
  }

  s3(region: string): S3Client {
    const client = this.#s3.get(region) ?? new S3Client({ ...this.#settings, region, forcePathStyle: true });
    this.#s3.set(region, client);
    return client;
  }

  dynamo(region: string): DynamoDBClient {
    const client = this.#dynamo.get(region) ?? new DynamoDBClient({ ...this.#settings, region });
    this.#dynamo.set(region, client);
    return client;
  }

  close(): void {
    for (const client of [...this.#s3.values(), ...this.#dynamo.values()]) client.destroy();
  }

  async read(region: string, bucket: string, key: string): Promise<Buffer> {
    const { Body } = await this.s3(region).send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    if (Body === undefined) throw new Error(`${bucket}/${key} has no body`);
    return Buffer.from(await Body.transformToByteArray());
  }

  async sha256(region: string, bucket: string, key: string): Promise<string> {
    return sha256(await this.read(region, bucket, key));
  }

  async tags(region: string, bucket: string, key: string): Promise<Record<string, string>> {
    const { TagSet = [] } = await this.s3(region).send(
      new GetObjectTaggingCommand({ Bucket: bucket, Key: key }),
    );
    return Object.fromEntries(TagSet.map(({ Key = "", Value = "" }) => [Key, Value]));
  }

  /** Every version and delete marker of the bucket under `prefix`. */
  async versions(region: string, bucket: string, prefix = ""): Promise<ObjectVersion[]> {
    const found: ObjectVersion[] = [];
    let at: { KeyMarker?: string | undefined; VersionIdMarker?: string | undefined } = {};
    for (;;) {
      const page = await this.s3(region).send(
        new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix, ...at }),
      );
      const add = (items: { Key?: string; VersionId?: string }[] = [], deleteMarker: boolean) => {
        for (const { Key = "", VersionId = "" } of items)
          found.push({ bucket, key: Key, versionId: VersionId, deleteMarker });
      };
      add(page.Versions as { Key?: string; VersionId?: string }[] | undefined, false);
      add(page.DeleteMarkers as { Key?: string; VersionId?: string }[] | undefined, true);
      if (page.IsTruncated !== true) return found;
      at = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
    }
  }

  /** Multipart uploads that were neither completed nor aborted. */
  async openUploads(region: string, bucket: string, prefix = ""): Promise<MultipartUpload[]> {
    const { Uploads = [] } = await this.s3(region).send(
      new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }),
    );
    return Uploads;
  }

  async hasBucket(region: string, bucket: string): Promise<boolean> {
    try {
      await this.s3(region).send(new HeadBucketCommand({ Bucket: bucket }));
      return true;
    } catch (error) {
      if (error instanceof Error && (error.name === "NotFound" || error.name === "NoSuchBucket"))
        return false;
      throw error;
    }
  }

  /** The item of an entry in a table of `region`, as plain values; undefined if it is absent. */
  async item(
    table: string,
    stagingId: string,
    region = "us-east-1",
  ): Promise<Record<string, unknown> | undefined> {
    const { Item } = await this.dynamo(region).send(
      new GetItemCommand({ TableName: table, Key: { staging_id: { S: stagingId } }, ConsistentRead: true }),
    );
    return Item === undefined ? undefined : unmarshall(Item);
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
