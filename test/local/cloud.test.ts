import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { freePort } from "../../local/cloud/port.ts";
import { askHealth, isRunning } from "../../local/cloud/process.ts";
import { isRecentEnough } from "../../local/cloud/python.ts";
import { parseRecord } from "../../local/cloud/record.ts";

describe("the local cloud's record", () => {
  const whole = { port: 14_566, pid: 7, token: "t", startedAt: "2026-01-01T00:00:00.000Z" };

  it("is read whole, or only its port while the cloud is down", () => {
    expect(parseRecord(JSON.stringify(whole))).to.deep.equal(whole);
    expect(parseRecord('{"port":14566}')).to.deep.equal({ port: 14_566 });
    expect(parseRecord(JSON.stringify({ ...whole, token: 1 }))).to.deep.equal({ port: 14_566 });
  });

  it("is no record when it is spoilt", () => {
    for (const text of ["", "{", "null", "[]", "{}", '{"port":0}', '{"port":"80"}', '{"port":70000}']) {
      expect(parseRecord(text), text).to.equal(undefined);
    }
  });
});

describe("finding the local cloud", () => {
  it("knows a process by its token, not by its id", async () => {
    expect(await isRunning(process.pid, process.argv[1] as string)).to.equal(true);
    expect(await isRunning(process.pid, "spawn-of-another-time")).to.equal(false);
    expect(await isRunning(2 ** 22 + 1, "spawn")).to.equal(false);
  });

  it("knows who answers on a port", async () => {
    let body = '{"edition":"mine"}';
    const server = createServer((_, response) => response.end(body)).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    expect(await askHealth(port, "mine")).to.equal("ours");
    expect(await askHealth(port, "another")).to.equal("other");
    body = "<html>";
    expect(await askHealth(port, "mine")).to.equal("other");
    expect(await freePort(port)).not.to.equal(port);
    await new Promise((resolve) => server.close(resolve));
    expect(await askHealth(port, "mine")).to.equal("none");
    expect(await freePort(port)).to.equal(port);
  });

  it("gives up on a port that takes calls and never answers", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    expect(await askHealth((server.address() as AddressInfo).port, "mine", 100)).to.equal("none");
    server.closeAllConnections();
    server.close();
  });

  it("runs on Python 3.10 and newer", () => {
    for (const version of ["3.10.0", "3.11.7", "3.100.1"]) expect(isRecentEnough(version)).to.equal(true);
    for (const version of ["3.9.18", "2.7.18", "4.0.0"]) expect(isRecentEnough(version)).to.equal(false);
  });
});
