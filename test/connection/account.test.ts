import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { Access } from "../../connection/access.ts";
import { accountOf, hasAccounts } from "../../connection/account.ts";
import { resolveConnection } from "../../connection/connection.ts";
import { DIRECT } from "../../connection/transport.ts";

const KEYS = { AWS_ACCESS_KEY_ID: "k", AWS_SECRET_ACCESS_KEY: "s", AWS_CONFIG_FILE: "/dev/null" };
const ENDPOINT = "http://127.0.0.1:9000";

describe("the account of a connection", () => {
  for (const [what, variables, has] of [
    ["AWS itself", {}, "always"],
    [
      "an interface VPC endpoint",
      { AWS_ENDPOINT_URL_S3: "https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com" },
      "always",
    ],
    ["a dual-stack endpoint", { AWS_ENDPOINT_URL_S3: "https://s3.us-east-1.api.aws" }, "always"],
    ["one server for all services", { AWS_ENDPOINT_URL: ENDPOINT }, "perhaps"],
    ["a server for S3 only", { AWS_ENDPOINT_URL_S3: ENDPOINT }, "never"],
    [
      "servers of their own for S3 and for STS",
      { AWS_ENDPOINT_URL: ENDPOINT, AWS_ENDPOINT_URL_STS: "http://127.0.0.1:9001" },
      "never",
    ],
    [
      "a server whose name only begins like one of AWS",
      { AWS_ENDPOINT_URL_S3: "https://s3.amazonaws.com.example.org" },
      "never",
    ],
  ] as const) {
    it(`is there ${has}: ${what}`, () => {
      expect(hasAccounts(resolveConnection({ ...KEYS, ...variables }))).to.equal(has);
    });
  }

  describe("asked of STS", () => {
    let server: Server;
    let answer: { status: number; body: string };
    let requests: number;
    beforeEach(async () => {
      requests = 0;
      server = createServer((request, response) => {
        requests += 1;
        request.resume().on("end", () => {
          response.writeHead(answer.status, { "content-type": "text/xml" }).end(answer.body);
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    const identity = (account: string) => ({
      status: 200,
      body: `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>${account}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`,
    });
    const access = (): Access => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      return {
        program: "library",
        connection: resolveConnection({ ...KEYS, AWS_ENDPOINT_URL: url }),
        transport: DIRECT,
      };
    };

    it("comes from STS, requested once", async () => {
      answer = identity("123456789012");
      const one = access();
      expect(await Promise.all([accountOf(one, "us-east-1"), accountOf(one, "eu-west-1")])).to.deep.equal([
        "123456789012",
        "123456789012",
      ]);
      expect(requests).to.equal(1);
    });

    for (const [what, given] of Object.entries({
      "does not know the request": { status: 400, body: "<Error><Code>InvalidAction</Code></Error>" },
      "denies it as an unknown bucket": { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" },
      "answers with something else": { status: 200, body: "<html></html>" },
      "has a name in place of an account": identity("minio"),
    })) {
      it(`is none where the server ${what}`, async () => {
        answer = given;
        expect(await accountOf(access(), "us-east-1")).to.equal(undefined);
      });
    }
  });
});
