import type { AnswerS3, S3Request } from "../../support/fake-s3.ts";

interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly size?: number;
  readonly at: Date;
}

interface StoredUpload extends StoredObject {
  readonly uploadId: string;
}

/** The content of buckets, with the listings and deletions of S3. */
export class FakeBuckets {
  objects: StoredObject[] = [];
  uploads: StoredUpload[] = [];
  /** Tags of a bucket; default: those of a bucket that the environment has created. */
  readonly adopted = new Set<string>();
  /** Statuses that replace all responses of a bucket. */
  readonly failing = new Map<string, number>();

  readonly s3: AnswerS3 = (request) => {
    const { method, bucket, key, query } = request;
    const failure = this.failing.get(bucket);
    if (failure !== undefined)
      return { status: failure, code: failure === 404 ? "NoSuchBucket" : "AccessDenied" };
    if (key !== "") return this.#onKey(request);
    if ("tagging" in query) return this.adopted.has(bucket) ? undefined : { body: TAGS };
    if (method === "POST") {
      this.objects = this.objects.filter((one) => one.bucket !== bucket);
      return { body: "<DeleteResult/>" };
    }
    if (method !== "GET") return undefined;
    const prefix = String(query["prefix"] ?? "");
    const found = <T extends StoredObject>(all: readonly T[]): T[] =>
      all.filter((one) => one.bucket === bucket && one.key.startsWith(prefix));
    if ("uploads" in query) {
      const rows = found(this.uploads).map(
        ({ key, uploadId, at }) =>
          `<Upload><Key>${key}</Key><UploadId>${uploadId}</UploadId><Initiated>${at.toISOString()}</Initiated></Upload>`,
      );
      return { body: `<R>${rows.join("")}</R>` };
    }
    const objects = found(this.objects);
    if ("delimiter" in query) {
      const folders = new Set(objects.map(({ key }) => `${key.split("/", 1)[0]}/`));
      const rows = [...folders].map(
        (folder) => `<CommonPrefixes><Prefix>${folder}</Prefix></CommonPrefixes>`,
      );
      return { body: `<R>${rows.join("")}</R>` };
    }
    const [tag, more] =
      "versions" in query
        ? ["Version", "<VersionId>v</VersionId><IsLatest>true</IsLatest>"]
        : ["Contents", ""];
    const rows = objects.map(
      ({ key, size = 1, at }) =>
        `<${tag}><Key>${key}</Key><Size>${size}</Size><LastModified>${at.toISOString()}</LastModified>${more}</${tag}>`,
    );
    return { body: `<R>${rows.join("")}</R>` };
  };

  #onKey({ method, bucket, key, query }: S3Request): ReturnType<AnswerS3> {
    const isSame = (one: StoredUpload): boolean =>
      one.bucket === bucket && one.uploadId === query["uploadId"];
    const upload = this.uploads.find(isSame);
    if (!("uploadId" in query)) return this.objects.some((one) => one.key === key) ? 200 : undefined;
    if (upload === undefined) return { status: 404, code: "NoSuchUpload" };
    if (method === "DELETE") {
      this.uploads = this.uploads.filter((one) => !isSame(one));
      return 204;
    }
    const { size = 1, at } = upload;
    return {
      body: `<R><Part><PartNumber>1</PartNumber><Size>${size}</Size><LastModified>${at.toISOString()}</LastModified></Part></R>`,
    };
  }
}

const TAGS = "<Tagging><TagSet><Tag><Key>spawn:environment</Key><Value>dev</Value></Tag></TagSet></Tagging>";
