import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { expect } from "chai";
import { retryingClient } from "../../../provider/store/retrying.ts";
import type { SdkClient } from "../../../provider/store/sdk-client.ts";
import { followServerTime } from "../../../provider/store/server-time.ts";
import { ServerClock } from "../../../staging/server-clock.ts";

const MINUTE = 60_000;

describe("followServerTime", () => {
  let server: Server;
  /** Milliseconds by which the server is ahead of this machine. */
  let ahead: number;
  /** The response to a request that was signed at this time. */
  let answer: (signedAt: number, serverTime: number) => number;
  let requests: number;
  const clients: S3Client[] = [];

  before(async () => {
    server = createServer((request, response) => {
      requests += 1;
      const time = String(request.headers["x-amz-date"]);
      const signedAt = Date.parse(time.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
      const now = Date.now() + ahead;
      response.writeHead(answer(signedAt, now), { date: new Date(now).toUTCString() }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  beforeEach(() => {
    requests = 0;
  });

  after(() => {
    for (const client of clients) client.destroy();
    server.close();
  });

  function clientOf(clock: ServerClock): SdkClient {
    const client = new S3Client({
      region: "us-east-1",
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      forcePathStyle: true,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
    });
    followServerTime(client, clock);
    clients.push(client);
    return retryingClient(client, { region: "us-east-1", patience: { attempts: 3, forMs: 0 } });
  }

  const head = (client: SdkClient) => client.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }));
  const nameOf = (request: Promise<unknown>): Promise<string> =>
    request.then(
      () => "success",
      ({ name }: Error) => name,
    );

  for (const minutes of [-14, 14, 3_000]) {
    it(`retries no expected 404 if the server is ahead by ${minutes} minutes`, async () => {
      ahead = minutes * MINUTE;
      answer = () => 404;
      const clock = new ServerClock();
      expect(await nameOf(head(clientOf(clock)))).to.equal("NotFound");
      expect(requests).to.equal(1);
      expect(Math.abs(clock.skewMs - ahead)).to.be.below(MINUTE);
    });

    it(`signs with the server's time after one refusal, for every client (${minutes} minutes)`, async () => {
      ahead = minutes * MINUTE;
      answer = (signedAt, now) => (Math.abs(signedAt - now) < 10 * MINUTE ? 200 : 403);
      const clock = new ServerClock();
      const client = clientOf(clock);
      expect(await nameOf(head(client))).to.equal("success");
      expect(requests).to.equal(2);
      await head(client);
      await head(clientOf(clock));
      expect(requests).to.equal(4);
    });
  }

  it("does not blame the clock if the request was signed at the right time", async () => {
    ahead = 14 * MINUTE;
    answer = () => 403;
    const clock = new ServerClock();
    expect(await nameOf(head(clientOf(clock)))).to.not.equal("success");
    expect(requests).to.equal(2);
    await nameOf(head(clientOf(clock)));
    expect(requests).to.equal(3);
  });
});
