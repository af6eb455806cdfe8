import type { IncomingMessage } from "node:http";
import { expect } from "chai";
import { operationOf } from "./operations.ts";

describe("operationOf", () => {
  const requests: [string, string, Record<string, string>, string][] = [
    ["PUT", "/b/k", {}, "PutObject"],
    ["PUT", "/b/k?x-id=PutObject", {}, "PutObject"],
    ["PUT", "/b/k", { "x-amz-copy-source": "b/other" }, "CopyObject"],
    ["PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"],
    ["PUT", "/b/k?partNumber=1&uploadId=u", { "x-amz-copy-source": "b/other" }, "UploadPartCopy"],
    ["POST", "/b/k?uploads", {}, "CreateMultipartUpload"],
    ["POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"],
    ["DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"],
    ["GET", "/b/k?uploadId=u", {}, "ListParts"],
    ["GET", "/b?uploads=&prefix=p", {}, "ListMultipartUploads"],
    ["GET", "/b?list-type=2", {}, "ListObjectsV2"],
    ["GET", "/b?replication", {}, "GetBucketReplication"],
    ["HEAD", "/b/k", {}, "HeadObject"],
    ["GET", "/b/k", {}, "GetObject"],
    ["GET", "/b/k?tagging", {}, "GetObjectTagging"],
    ["PUT", "/b/k?tagging", {}, "PutObjectTagging"],
    ["POST", "/", { "x-amz-target": "DynamoDB_20120810.UpdateItem" }, "UpdateItem"],
    ["GET", "/b", {}, ""],
  ];
  for (const [method, url, headers, name] of requests) {
    it(`recognises ${method} ${url} ${Object.keys(headers).join()}`, () => {
      expect(operationOf({ method, url, headers } as unknown as IncomingMessage).name).to.equal(name);
    });
  }

  it("finds region, bucket and key", () => {
    const authorization = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/eu-west-1/s3/aws4_request, Signature=0";
    const request = { method: "PUT", url: "/b/stage-1/a%20b/%C3%BC", headers: { authorization } };
    expect(operationOf(request as unknown as IncomingMessage)).to.deep.equal({
      name: "PutObject",
      region: "eu-west-1",
      bucket: "b",
      key: "stage-1/a b/ü",
    });
  });
});
