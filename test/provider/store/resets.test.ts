import { createServer, type Server } from "node:net";
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { createS3Clients } from "../../../provider/store/clients.ts";
import { explainAwsError } from "../../../provider/store/explain.ts";
import { clientsWith } from "../../../provider/store/sending.ts";
import type { UserError } from "../../../staging/errors.ts";
import { listenOn, setVariables } from "../transfer/endpoint.ts";

describe("a server that resets every connection", () => {
  let server: Server;
  let connections = 0;
  let restore: () => void;
  before(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.on("error", () => undefined).once("data", () => socket.resetAndDestroy());
    });
    restore = setVariables({ AWS_ENDPOINT_URL: await listenOn(server) });
  });
  after(async () => {
    restore();
    await new Promise((resolve) => server.close(resolve));
  });

  it("receives as many retries as one that returns errors, but for a shorter time than a silent one", async () => {
    const clients = createS3Clients({ patience: { attempts: 4, forMs: 0 } });
    const client = clientsWith(clients, { timeoutSeconds: 3600 }).of("us-east-1");
    const error = await client.send(new HeadBucketCommand({ Bucket: "bucket" })).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(connections).to.equal(4);
    const transfer = { what: "upload", region: "us-east-1", bucket: "bucket" } as const;
    const { message, why } = explainAwsError(error, transfer) as UserError;
    expect(message).to.equal("upload to us-east-1 (bucket bucket) failed");
    expect(why).to.match(/^http:\/\/\S+ is not answering\. The connection broke off again and again\.$/);
  });
});
