import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { authenticateServer, proofOf, requireLocalCloud } from "../../connection/local-cloud.ts";
import { isRunning } from "../../local/background.ts";
import { refuseOthersFile } from "../../local/cloud/keys.ts";
import { freePort } from "../../local/cloud/port.ts";
import { isRecentEnough } from "../../local/cloud/python.ts";
import { parseRecord } from "../../local/cloud/record.ts";
import type { UserError } from "../../staging/errors.ts";

describe("the local cloud's record", () => {
  const whole = { port: 14_566, pid: 7, instance: "t", startedAt: "2026-01-01T00:00:00.000Z" };

  it("has all fields while the cloud runs, and only the port while it is down", () => {
    expect(parseRecord(JSON.stringify(whole))).to.deep.equal(whole);
    expect(parseRecord('{"port":14566}')).to.deep.equal({ port: 14_566 });
    expect(parseRecord(JSON.stringify({ ...whole, instance: 1 }))).to.deep.equal({ port: 14_566 });
  });

  it("of an older version shows that its process has no key", () => {
    const { instance: token, ...rest } = whole;
    expect(parseRecord(JSON.stringify({ ...rest, token }))).to.deep.equal({ ...whole, withoutKey: true });
  });

  it("is ignored if it is corrupt", () => {
    for (const text of ["", "{", "null", "[]", "{}", '{"port":0}', '{"port":"80"}', '{"port":70000}']) {
      expect(parseRecord(text), text).to.equal(undefined);
    }
  });
});

const KEYS = { accessKeyId: "SPAWNLOCALABCDEFGHIJ", secretAccessKey: "secret".repeat(6) };

describe("the local cloud's key", () => {
  it("belongs to the user, and not to another one", () => {
    const refuse = (owner: number, user: number) => () => refuseOthersFile("/tmp/x/key.json", owner, user);
    expect(refuse(1000, 1000)).to.not.throw();
    expect(refuse(1000, 0)).to.not.throw();
    expect(refuse(1001, 1000)).to.throw(/belongs to another user/);
    expect(refuse(0, 1000)).to.throw(/belongs to another user/);
  });
});

describe("finding the local cloud", () => {
  it("identifies a process by its name and its user, not by its ID", async () => {
    const [name, uid] = [process.argv[1] as string, process.getuid?.() ?? 0];
    expect(await isRunning(process.pid, name, uid)).to.equal(true);
    expect(await isRunning(process.pid, name, uid + 1)).to.equal(false);
    expect(await isRunning(process.pid, "spawn-of-another-time", uid)).to.equal(false);
    expect(await isRunning(2 ** 22 + 1, "spawn", uid)).to.equal(false);
  });

  it("trusts only a response that proves the key, the port and the process", async () => {
    let answer = (_port: number, _nonce: string): string => "";
    const seen: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      seen.push(request);
      response.end(answer(port, String(request.headers["x-spawn-nonce"])));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    const asked = { port, pid: 7, keys: KEYS };
    const proof = (
      { pid = 7, ...changes }: { port?: number; pid?: number },
      keys = KEYS,
      side: "client" | "server" = "server",
    ) => {
      answer = (port, nonce) =>
        JSON.stringify({ pid, proof: proofOf(keys, side, { port, nonce, pid, ...changes }) });
    };
    const shell = {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      SPAWN_CLOUD_ENDPOINT: `http://127.0.0.1:${port}`,
      SPAWN_CLOUD_KEY: `${KEYS.accessKeyId}:${KEYS.secretAccessKey}`,
    };
    const messageIn = (env: Record<string, string>) =>
      requireLocalCloud(env).then(
        () => "accepted",
        (error: UserError) => `${error.message} ${error.fix}`,
      );

    proof({});
    expect(await authenticateServer(asked)).to.equal("ours");
    expect(await messageIn(shell)).to.equal("accepted");
    const untrue = [
      () => proof({ port: port + 1 }),
      () => proof({ pid: 8 }),
      () => proof({}, { ...KEYS, secretAccessKey: "another" }),
      () => proof({}, KEYS, "client"),
      // An echo of the client's request.
      () => {
        answer = () => JSON.stringify({ pid: 7, proof: seen.at(-1)?.headers["x-spawn-proof"] });
      },
      ...["", "<html>", "null", "[]", '{"proof":7}', `{"proof":"${"0".repeat(64)}"}`, " ".repeat(1e6)].map(
        (text) => () => {
          answer = () => text;
        },
      ),
    ];
    for (const lie of untrue) {
      lie();
      expect(await authenticateServer(asked), lie.toString()).to.equal("other");
      if (lie !== untrue[1])
        expect(await messageIn(shell), lie.toString()).to.match(/is not the local cloud.*spawn env/);
    }
    for (const { rawHeaders, url } of seen) {
      expect(`${url} ${rawHeaders.join(" ")}`).to.not.include(KEYS.secretAccessKey);
      expect(`${url} ${rawHeaders.join(" ")}`).to.not.include(KEYS.accessKeyId);
    }
    expect(await messageIn({ ...shell, SPAWN_CLOUD_KEY: "" })).to.match(
      /no access key of the local cloud.*spawn env/,
    );
    expect(await messageIn({ ...shell, AWS_ENDPOINT_URL: "http://127.0.0.1:1" })).to.equal("accepted");
    expect(new Set(seen.map(({ headers }) => headers["x-spawn-nonce"])).size).to.equal(seen.length);
    expect(await freePort(port)).not.to.equal(port);
    await new Promise((resolve) => server.close(resolve));
    expect(await authenticateServer(asked)).to.equal("none");
    expect(await messageIn(shell)).to.equal("accepted");
    expect(await freePort(port)).to.equal(port);
  });

  it("times out on a port that accepts connections and never responds", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await authenticateServer({ port, pid: 7, keys: KEYS }, 100)).to.equal("none");
    server.closeAllConnections();
    server.close();
  });

  it("runs on Python 3.10 and newer", () => {
    for (const version of ["3.10.0", "3.11.7", "3.100.1"]) expect(isRecentEnough(version)).to.equal(true);
    for (const version of ["3.9.18", "2.7.18", "4.0.0"]) expect(isRecentEnough(version)).to.equal(false);
  });
});
