import { request } from "node:http";
import { expect } from "chai";
import { MetadataServer } from "../../local/machines/imds/server.ts";
import { Tokens } from "../../local/machines/imds/tokens.ts";
import type { Instance, RoleCredentials } from "../../local/machines/instances.ts";
import { Role } from "../../local/machines/role.ts";
import { nextInstances } from "../../local/machines/scheduling.ts";
import { scriptIn } from "../../local/machines/user-data.ts";
import { parseRegion } from "../../staging/regions.ts";

const instance = (id: string, region = "us-east-1", launchedAt = 0): Instance => ({
  id,
  region: parseRegion(region),
  zone: `${region}a`,
  type: "c5.large",
  imageId: "ami-1",
  privateIp: "10.0.0.7",
  account: "000000000000",
  launchedAt,
  profile: undefined,
});

const USER = process.geteuid?.() ?? 0;

describe("the metadata service of a machine", () => {
  let server: MetadataServer | undefined;
  const errors: string[] = [];
  afterEach(() => server?.close());

  const start = async (owners: number[]) => {
    server = await MetadataServer.start({
      sources: { instance: instance("i-1"), notice: undefined, credentials: async () => undefined },
      user: USER,
      delay: async () => 0,
      onError: (text) => errors.push(text),
      findOwners: async () => owners,
    });
    return server.endpoint;
  };
  const ask = (method: string, url: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      request(url, { method, headers, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      })
        .on("error", reject)
        .end();
    });
  const TTL = { "x-aws-ec2-metadata-token-ttl-seconds": "60" };

  it("responds to the machine's user alone", async () => {
    const endpoint = await start([USER + 1]);
    expect((await ask("PUT", `${endpoint}/latest/api/token`, TTL)).status).to.equal(403);
    expect(errors.at(-1)).to.include("belongs to the user");
  });

  it("issues tokens and metadata like EC2, and refuses pages and proxies", async () => {
    const endpoint = await start([USER]);
    const token = `${endpoint}/latest/api/token`;
    const refused: [string, Record<string, string>, number][] = [
      ["PUT", {}, 400],
      ["PUT", { "x-aws-ec2-metadata-token-ttl-seconds": "21601" }, 400],
      ["PUT", { ...TTL, "x-forwarded-for": "10.0.0.1" }, 403],
      ["PUT", { ...TTL, origin: "http://page.example" }, 403],
      ["PUT", { ...TTL, host: "page.example" }, 403],
      ["POST", TTL, 405],
    ];
    for (const [method, headers, status] of refused) {
      expect((await ask(method, token, headers)).status, JSON.stringify(headers)).to.equal(status);
    }
    const { text } = await ask("PUT", token, TTL);
    const get = (path: string) =>
      ask("GET", `${endpoint}/latest/meta-data/${path}`, { "x-aws-ec2-metadata-token": text });
    expect(await get("instance-id")).to.deep.equal({ status: 200, text: "i-1" });
    expect(await get("placement/availability-zone/")).to.deep.equal({ status: 200, text: "us-east-1a" });
    for (const path of ["iam/info", "iam/security-credentials/", "spot/instance-action", "../../secret"]) {
      expect((await get(path)).status, path).to.equal(404);
    }
    const without = await ask("GET", `${endpoint}/latest/meta-data/instance-id`);
    expect(without).to.deep.equal({ status: 401, text: "" });
  });

  it("expires tokens", () => {
    let now = 0;
    const tokens = new Tokens(() => now);
    const token = tokens.make("2") ?? "";
    expect(tokens.secondsLeft(token)).to.equal(2);
    now = 1_999;
    expect(tokens.secondsLeft(token)).to.equal(1);
    now = 2_000;
    expect(tokens.secondsLeft(token)).to.equal(undefined);
  });

  it("renews credentials five minutes before they expire, and retries after a failure", async () => {
    let now = 0;
    let asked = 0;
    const role = new Role(
      async (): Promise<RoleCredentials> => {
        asked += 1;
        if (asked === 1) throw new Error("throttled");
        const keys = { roleName: "r", accessKeyId: `A${asked}`, secretAccessKey: "s", sessionToken: "t" };
        return { ...keys, expiration: new Date(now + 3_600_000) };
      },
      () => now,
    );
    const failure = await role.credentials().catch((error: Error) => error.message);
    expect(failure).to.equal("throttled");
    const both = await Promise.all([role.credentials(), role.credentials()]);
    expect(both.map((credentials) => credentials?.accessKeyId)).to.deep.equal(["A2", "A2"]);
    now = 54 * 60_000;
    expect((await role.credentials())?.accessKeyId).to.equal("A2");
    now = 56 * 60_000;
    expect((await role.credentials())?.accessKeyId).to.equal("A3");
  });
});

describe("the queue of instances", () => {
  it("starts the oldest instance of the region with the fewest machines", () => {
    const waiting = [
      instance("i-e3", "us-east-1", 3),
      instance("i-e1", "us-east-1", 1),
      instance("i-w4", "us-west-2", 4),
      instance("i-w5", "us-west-2", 5),
    ];
    const chosen = (running: Instance[], free: number) =>
      nextInstances(waiting, running, free).map(({ id }) => id);
    expect(chosen([], 3)).to.deep.equal(["i-e1", "i-w4", "i-e3"]);
    expect(chosen([instance("i-e0", "us-east-1")], 2)).to.deep.equal(["i-w4", "i-e1"]);
    expect(chosen([], 0)).to.deep.equal([]);
    expect(chosen([], 9)).to.have.length(4);
  });
});

describe("user data", () => {
  it("is a script, or nothing that a machine runs", () => {
    expect(String(scriptIn(Buffer.from("#!/bin/sh\n")))).to.equal("#!/bin/sh\n");
    expect(scriptIn(Buffer.from("#cloud-config\n"))).to.equal(undefined);
    expect(scriptIn(Buffer.alloc(0))).to.equal(undefined);
  });
});
