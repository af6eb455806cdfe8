import type { IncomingMessage } from "node:http";

/** A request, as far as faults distinguish requests. */
export interface Operation {
  /** AWS's name for it; "" for an unknown one. */
  readonly name: string;
  /** From the signature; "" without one. */
  readonly region: string;
  /** From S3's path-style address; "" without one. */
  readonly bucket: string;
  readonly key: string;
}

export function operationOf({ method = "", url = "", headers }: IncomingMessage): Operation {
  const [, region = ""] = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? "") ?? [];
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    return { name: target.split(".").at(-1) ?? "", region, bucket: "", key: "" };
  }
  const { pathname, searchParams } = new URL(url, "http://host");
  const [, bucket = "", ...path] = pathname.split("/").map(decodeURIComponent);
  const key = path.join("/");
  const isCopy = headers["x-amz-copy-source"] !== undefined;
  return { name: nameOf(method, searchParams, key !== "", isCopy), region, bucket, key };
}

/** Subresources by which S3 distinguishes operations: `METHOD parameter`. */
const BY_PARAMETER: Readonly<Record<string, string>> = {
  "POST uploads": "CreateMultipartUpload",
  "GET uploads": "ListMultipartUploads",
  "PUT partNumber": "UploadPart",
  "POST uploadId": "CompleteMultipartUpload",
  "DELETE uploadId": "AbortMultipartUpload",
  "GET uploadId": "ListParts",
  "GET tagging": "GetObjectTagging",
  "PUT tagging": "PutObjectTagging",
  "GET attributes": "GetObjectAttributes",
  "GET versions": "ListObjectVersions",
  "POST delete": "DeleteObjects",
  "GET replication": "GetBucketReplication",
  "GET lifecycle": "GetBucketLifecycleConfiguration",
  "GET list-type": "ListObjectsV2",
};

const BY_METHOD: Readonly<Record<string, string>> = {
  HEAD: "HeadObject",
  GET: "GetObject",
  PUT: "PutObject",
  DELETE: "DeleteObject",
};

function nameOf(method: string, parameters: URLSearchParams, hasKey: boolean, isCopy: boolean): string {
  for (const [request, name] of Object.entries(BY_PARAMETER)) {
    const [verb, parameter = ""] = request.split(" ");
    if (verb === method && parameters.has(parameter))
      return name === "UploadPart" && isCopy ? "UploadPartCopy" : name;
  }
  if (!hasKey) return "";
  return method === "PUT" && isCopy ? "CopyObject" : (BY_METHOD[method] ?? "");
}
