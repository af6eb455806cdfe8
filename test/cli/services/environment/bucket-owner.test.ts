import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { findBucketOwner } from "../../../../cli/services/environment/bucket-owner.ts";
import { InputError } from "../../../../staging/errors.ts";
import { parseRegion } from "../../../../staging/regions.ts";
import { errorOf } from "../../../support/failure.ts";

const EAST = parseRegion("us-east-1");
const tagged = (value: string): string =>
  `<Tagging><TagSet><Tag><Key>spawn:environment</Key><Value>${value}</Value></Tag></TagSet></Tagging>`;
const UNTAGGED = "<Error><Code>NoSuchTagSet</Code><Message>none</Message></Error>";

describe("the owner of a bucket", () => {
  let server: Server;
  let client: S3Client;
  let answer: RequestListener;
  before(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
    client = new S3Client({
      region: EAST,
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
    });
  });
  after(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  const look = (patience?: number, environmentName = "dev") =>
    findBucketOwner(
      { environmentName, account: async () => undefined, anyBucketsS3: async () => client },
      EAST,
      "my-data",
      patience,
    );
  const refusal = (patience?: number): Promise<InputError> => errorOf(look(patience), InputError);
  /** The server's response to HEAD, and to GET of the tags. */
  const answers = (head: number, headers: Record<string, string>, tags = 200, body = UNTAGGED): void => {
    answer = (request, response) => {
      if (request.method === "HEAD") response.writeHead(head, headers).end();
      else response.writeHead(tags).end(body);
    };
  };

  for (const [owner, tags, body] of [
    ["ours", 200, tagged("dev")],
    ["another environment's", 200, tagged("prod")],
    ["theirs", 404, UNTAGGED],
  ] as const) {
    it(`is ${owner} by ${body}`, async () => {
      answers(200, { "x-amz-bucket-region": EAST }, tags, body);
      expect(await look()).to.equal(owner);
    });
  }

  it("is absent for a missing bucket", async () => {
    answers(404, {});
    expect(await look()).to.equal("none");
  });

  for (const status of [200, 301, 400]) {
    it(`is refused in another region, reported by a ${status}`, async () => {
      answers(status, { "x-amz-bucket-region": "eu-west-1" });
      const { message, why, fix } = await refusal();
      expect(message).to.equal("the bucket my-data is not in us-east-1");
      expect(why).to.match(/^It is in eu-west-1;/);
      expect(fix).to.equal("spawn config set staging.bucket.eu-west-1 my-data");
      expect(await errorOf(look(undefined, "prod"), InputError)).to.have.property(
        "fix",
        `${fix} --environment prod`,
      );
    });
  }

  it("requires an answer from the user if bucket or tags cannot be read", async () => {
    for (const [head, tags] of [
      [403, 200],
      [200, 403],
    ] as const) {
      answers(head, {}, tags, "<Error><Code>AccessDenied</Code></Error>");
      const { message, why, fix } = await refusal();
      expect(message).to.equal("the bucket my-data cannot be looked at");
      expect(why).to.match(/^Access was denied/);
      expect(fix).to.contain("--adopt").and.contain("--no-adopt");
    }
  });

  it("requires an answer from the user if S3 does not respond in time", async () => {
    answer = () => undefined;
    expect((await refusal(200)).why).to.equal("S3 did not answer within 0.2 s.");
  });
});
