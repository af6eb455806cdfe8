import { createServer, type Server } from "node:http";
import { DynamoDBClient, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import { attemptsOf, errorName } from "../../../connection/errors/failure.ts";
import { INSIDE, retriesInside } from "../../../provider/store/retrying.ts";
import { errorOf } from "../../support/failure.ts";
import { listenOn } from "../transfer/endpoint.ts";

describe("retriesInside", () => {
  let server: Server;
  let client: DynamoDBClient;
  let failures: number;
  /** The idempotency tokens of the requests. */
  let tokens: unknown[];
  beforeEach(async () => {
    tokens = [];
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      tokens.push((JSON.parse(body) as { ClientRequestToken: unknown }).ClientRequestToken);
      const hasFailed = tokens.length <= failures;
      response
        .writeHead(hasFailed ? 500 : 200)
        .end(JSON.stringify(hasFailed ? { __type: "InternalError" } : {}));
    });
    client = new DynamoDBClient({
      ...{ endpoint: await listenOn(server), region: "us-east-1" },
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const policy = { region: "us-east-1", patience: { attempts: 4, forMs: 0 } };
    client.middlewareStack.add(retriesInside(policy), INSIDE);
  });
  afterEach(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const write = (abortSignal?: AbortSignal) =>
    client.send(
      new TransactWriteItemsCommand({
        TransactItems: [{ Delete: { TableName: "table", Key: { id: { S: "1" } } } }],
      }),
      abortSignal === undefined ? {} : { abortSignal },
    );

  it("sends every attempt of a write with the same idempotency token", async () => {
    failures = 2;
    await write();
    expect(tokens).to.have.length(3);
    expect(tokens[0]).to.be.a("string").and.not.equal("");
    expect(new Set(tokens).size).to.equal(1);
  });

  it("replaces the SDK's own retries", async () => {
    failures = Number.POSITIVE_INFINITY;
    const error = await errorOf(write());
    expect(errorName(error)).to.equal("InternalError");
    expect(attemptsOf(error)).to.equal(4);
    expect(tokens).to.have.length(4);
  });

  it("stops when aborted", async () => {
    failures = Number.POSITIVE_INFINITY;
    const abort = new AbortController();
    server.on("request", () => abort.abort());
    expect(errorName(await errorOf(write(abort.signal)))).to.equal("AbortError");
    expect(tokens.length).to.be.at.most(1);
  });
});
