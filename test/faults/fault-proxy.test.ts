import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import { FaultProxy, passOn } from "./fault-proxy.ts";
import { type FaultKind, KIND_NAMES, KINDS, type Surroundings } from "./kinds.ts";
import { describeFault, planOf } from "./plan.ts";

const ANSWER = "<CopyPartResult><ETag>&quot;0123456789abcdef&quot;</ETag></CopyPartResult>";

describe("faults of the proxy", () => {
  let server: Server;
  let proxy: FaultProxy;
  /** CRC-32 of the bodies that arrived. */
  let arrived: number[];
  let asked: string[];
  const surroundings: Surroundings = {
    tamperWith: async (bucket, key, region) => void asked.push(`tamper with ${bucket}/${key} ${region}`),
    tamperWithReplicas: async (key) => void asked.push(`tamper with replicas of ${key}`),
    interrupt: () => void asked.push("interrupt"),
  };

  beforeEach(async () => {
    [arrived, asked] = [[], []];
    server = createServer((request, response) => {
      buffer(request).then(
        (bytes) => {
          arrived.push(crc32(bytes));
          response.writeHead(200, { etag: '"0123456789abcdef"' }).end(ANSWER);
        },
        () => response.destroy(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    proxy = await FaultProxy.start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    await proxy.stop();
    server.closeAllConnections();
    server.close();
    expect(proxy.takeErrors()).to.deep.equal([]);
  });

  const BODY = Buffer.alloc(100_000, "x");
  const put = (signal?: AbortSignal): Promise<Response> =>
    fetch(`${proxy.endpoint}/b/k`, { method: "PUT", body: BODY, ...(signal ? { signal } : {}) });

  /** One request under a fault: its status, and the text if it arrived whole; "broken" without a response. */
  async function under(kind: FaultKind): Promise<[number | "broken", string]> {
    proxy.intercept((exchange) => KINDS[kind].inject(exchange, surroundings));
    try {
      const answer = await put(kind === "hang" ? AbortSignal.timeout(1_000) : undefined);
      return [answer.status, await answer.text().catch(() => "cut")];
    } catch {
      return ["broken", ""];
    }
  }

  const intact = [crc32(BODY)];
  const expected: Readonly<Record<FaultKind, [number | "broken", RegExp, number[]]>> = {
    "connection refused": ["broken", /^$/, []],
    hang: ["broken", /^$/, []],
    "reset in the request": ["broken", /^$/, []],
    "reset in the answer": [200, /^cut$/, intact],
    "truncated answer": [200, /^cut$/, intact],
    "lost answer": ["broken", /^$/, intact],
    "500 InternalError": [500, /<Code>InternalError</, []],
    "503 SlowDown": [503, /<Code>SlowDown</, []],
    "expired token": [403, /<Code>ExpiredToken</, []],
    "damaged request": [200, /0123456789abcdef/, []],
    "damaged answer": [200, /^(?!.*0123456789abcdef)<CopyPartResult><ETag>/, intact],
    "error in a 200": [200, /<Error><Code>InternalError</, []],
    "duplicated request": [200, /0123456789abcdef/, [...intact, ...intact]],
    trickle: [200, /0123456789abcdef/, intact],
    "replica tampered with": [200, /0123456789abcdef/, intact],
    "upload tampered with": [200, /0123456789abcdef/, intact],
    interrupted: [200, /0123456789abcdef/, intact],
  };
  for (const kind of KIND_NAMES) {
    it(kind, async () => {
      const [status, text, whole] = expected[kind];
      const [gotStatus, gotText] = await under(kind);
      expect(gotStatus).to.equal(status);
      expect(gotText).to.match(text);
      if (kind === "damaged request") expect(arrived).to.have.length(1).and.not.include(intact[0]);
      else expect(arrived).to.deep.equal(whole);
      if (kind === "upload tampered with") expect(asked).to.deep.equal(["tamper with b/k "]);
      if (kind === "replica tampered with") expect(asked).to.deep.equal(["tamper with replicas of k"]);
      if (kind === "interrupted") expect(asked).to.deep.equal(["interrupt"]);
      await proxy.heal();
      expect(await (await put()).text()).to.equal(ANSWER);
    });
  }

  it("listens again by itself after an outage", async () => {
    await under("connection refused");
    proxy.intercept(passOn);
    for (let tries = 0; ; tries += 1) {
      const answer = await put().catch(() => undefined);
      if (answer?.status === 200) break;
      expect(tries).to.be.lessThan(50);
      await sleep(20);
    }
  });
});

describe("planOf", () => {
  it("returns the same plan for the same seed, and injects every kind of fault within few seeds", () => {
    const plans = Array.from({ length: 200 }, (_, seed) => planOf(seed));
    expect(planOf(17)).to.deep.equal(plans[17]);
    const faults = plans.flatMap(({ rounds }) => rounds.flat());
    expect([...new Set(faults.map(({ kind }) => kind))].sort()).to.deep.equal([...KIND_NAMES].sort());
    for (const fault of faults) {
      const { operations } = KINDS[fault.kind];
      expect(operations.includes("*") || operations.includes(fault.operation), describeFault(fault)).to.equal(
        true,
      );
    }
  });
});
