import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { environmentText } from "../../scripts/aws-acceptance/environment-file.ts";
import { statusOfPlainHttp } from "../../scripts/aws-acceptance/plain-http.ts";

describe("the environment of the AWS acceptance run", () => {
  const file = {
    ...{ cloud: "aws" as const, prefix: "spawn-acc-1", ownBucket: "spawn-acc-1-own", reader: undefined },
    regions: ["us-east-1", "us-west-2", "eu-west-1"] as const,
  };
  const reader = "123456789012";
  const line = `  spawn:readers: ["${reader}"]\n`;

  it("gets the second account even if a run resumes with one, and keeps the lines that Pulumi added", () => {
    const first = `encryptionsalt: v1:abc\n${environmentText(file, undefined)}`;
    expect(first).not.to.contain("spawn:readers");
    expect(environmentText(file, first)).to.equal(first);
    const second = environmentText({ ...file, reader }, first);
    expect(second).to.equal(first.replace("config:\n", `config:\n${line}`));
    expect(environmentText({ ...file, reader }, second)).to.equal(second);
    expect(environmentText({ ...file, reader }, undefined)).to.contain(line);
  });
});

describe("plain HTTP", () => {
  it("is tested with a signature: without one, any private bucket refuses", async () => {
    const signatures: (string | undefined)[] = [];
    let status = 403;
    const server = createServer((request, response) => {
      signatures.push(request.headers.authorization);
      response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = new S3Client({
      ...{ region: "us-east-1", forcePathStyle: true, maxAttempts: 1 },
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
    });
    try {
      expect(await statusOfPlainHttp(client, "bucket")).to.equal(403);
      status = 200;
      expect(await statusOfPlainHttp(client, "bucket")).to.equal(200);
      for (const signature of signatures) expect(signature).to.match(/^AWS4-HMAC-SHA256 /);
    } finally {
      client.destroy();
      server.close();
    }
  });
});
