import { type IncomingHttpHeaders, request } from "node:http";
import { expect } from "chai";
import type { Details } from "../../../../cli/services/dashboard/details.ts";
import { type RunningDashboard, serveDashboard } from "../../../../cli/services/dashboard/server.ts";
import type { PartEvent } from "../../../../dashboard/snapshot.ts";
import { InputError } from "../../../../staging/errors.ts";
import { EMPTY_PARTS, FAILURES, LOG } from "../../../dashboard/fake-data.ts";
import { FakeEnvironment } from "../../../dashboard/fake-environment.ts";

interface Response {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const ID = "sweep-abc123def456";

describe("The dashboard's server", () => {
  let fake: FakeEnvironment;
  let dashboard: RunningDashboard;
  let asked: unknown[];
  const details: Details = {
    failures: async (id) => {
      if (id !== ID) throw new InputError("there is no such sweep", { why: "It was deleted." });
      return FAILURES;
    },
    log: async (...question) => {
      asked.push(question);
      return question[1].index === 7 ? LOG : undefined;
    },
  };

  beforeEach(async () => {
    asked = [];
    fake = new FakeEnvironment(EMPTY_PARTS);
    dashboard = await serveDashboard({
      page: { html: "<!doctype html><title>page</title>", policy: "default-src 'none'" },
      ...{ polling: fake.polling, details, explain: fake.deps.explain },
    });
  });
  afterEach(async () => await dashboard.close());

  function ask(path: string, { method = "GET", headers = {} } = {}): Promise<Response> {
    return new Promise((resolve, reject) => {
      const sent = request(new URL(path, dashboard.url), { method, headers }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.once("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        );
      });
      sent.once("error", reject);
      sent.end();
    });
  }

  it("serves the page on 127.0.0.1 below a token, with headers that forbid everything else", async () => {
    const { hostname, pathname } = new URL(dashboard.url);
    expect(hostname).to.equal("127.0.0.1");
    expect(pathname).to.match(/^\/[\w-]{43}\/$/);
    const { status, headers, body } = await ask("");
    expect([status, body]).to.deep.equal([200, "<!doctype html><title>page</title>"]);
    expect(headers).to.include({
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(headers).to.not.have.property("access-control-allow-origin");
  });

  it("refuses every path without the token", async () => {
    const { pathname } = new URL(dashboard.url);
    const wrong = `/${"x".repeat(43)}/`;
    for (const path of ["/", "/events", wrong, `${wrong}events`, pathname.slice(0, -2), `/x${pathname}`]) {
      const { status, body } = await ask(path);
      expect([path, status, body]).to.deep.equal([
        path,
        403,
        "Open the address that spawn dashboard printed.\n",
      ]);
    }
    expect(fake.reads.transfers).to.equal(0);
  });

  it("refuses other names of this machine, which DNS rebinding uses, but not an SSH tunnel", async () => {
    for (const [host, status] of [
      ["evil.example", 421],
      ["127.0.0.1.evil.example", 421],
      ["localhost.evil.example:80", 421],
      ["localhost:8080", 200],
      ["127.0.0.1:8080", 200],
      ["[::1]:8080", 200],
    ] as const) {
      const response = await ask("", { headers: { Host: host } });
      expect([host, response.status]).to.deep.equal([host, status]);
    }
  });

  it("refuses every method but GET and HEAD", async () => {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
      const { status, headers } = await ask("", { method });
      expect([method, status, headers.allow]).to.deep.equal([method, 405, "GET, HEAD"]);
    }
    const head = await ask("", { method: "HEAD" });
    expect([head.status, head.body, head.headers["content-length"]]).to.deep.equal([200, "", "34"]);
    expect((await ask("events", { method: "HEAD" })).status).to.equal(200);
    expect(fake.reads.transfers).to.equal(0);
  });

  it("sends the failed indices and the logs of a sweep", async () => {
    const failures = await ask(`sweeps/${ID}/failures`);
    expect([failures.status, JSON.parse(failures.body)]).to.deep.equal([200, FAILURES]);
    const log = await ask(`sweeps/${ID}/logs/us-east-1/7/2`);
    expect([log.status, JSON.parse(log.body)]).to.deep.equal([200, LOG]);
    expect(asked).to.deep.equal([[ID, { region: "us-east-1", index: 7, attempt: 2 }]]);
    const missing = await ask(`sweeps/${ID}/logs/us-east-1/8/1`);
    expect([missing.status, JSON.parse(missing.body)]).to.deep.equal([
      404,
      { error: { message: "there is no log of this attempt (yet)" } },
    ]);
  });

  it("reports the error of a read without a stack trace", async () => {
    const { status, body } = await ask("sweeps/sweep-000000000000/failures");
    expect([status, JSON.parse(body)]).to.deep.equal([
      502,
      { error: { message: "there is no such sweep", why: "It was deleted." } },
    ]);
  });

  it("reads nothing for a malformed path", async () => {
    for (const path of [
      "sweeps/x/failures",
      `sweeps/${ID}`,
      `sweeps/${ID}/failures/more`,
      `sweeps/${ID}/logs/us-east-1/7`,
      `sweeps/${ID}/logs/nowhere/7/1`,
      `sweeps/${ID}/logs/us-east-1/-7/1`,
      `sweeps/${ID}/logs/us-east-1/7/0`,
      `sweeps/${ID}/logs/us-east-1/..%2f7/1`,
      "../../etc/passwd",
      "index.html",
    ]) {
      const { status } = await ask(path.startsWith("..") ? `x/${path}` : path);
      expect([path, [403, 404].includes(status)]).to.deep.equal([path, true]);
    }
    expect(asked).to.deep.equal([]);
  });

  it("streams the state of each part, then its changes, and tells the page about the end", async () => {
    const ended = ask("events");
    await fake.idle();
    fake.advance(3_000);
    await fake.idle();
    await dashboard.close();
    const { headers, body } = await ended;
    expect(headers["content-type"]).to.equal("text/event-stream");
    const events = body.split("\n\n").filter((text) => text !== "");
    expect([events.at(0), events.at(-1)]).to.deep.equal(["retry: 2000", "event: end\ndata: end"]);
    const parts = events
      .slice(1, -1)
      .map((text) => JSON.parse(text.replace("event: part\ndata: ", "")) as PartEvent);
    const of = (name: string) =>
      parts.filter((event) => event.name === name).map(({ part }) => part.value !== null);
    expect(of("transfers")).to.deep.equal([false, true, true]);
    expect(of("cost")).to.deep.equal([false, true]);
    dashboard = await serveDashboard({
      page: { html: "", policy: "" },
      ...{ polling: fake.polling, details, explain: fake.deps.explain },
    });
  });

  it("stops reading when the last page is closed", async () => {
    const sent = request(new URL("events", dashboard.url));
    const closed = new Promise((resolve) => sent.once("error", resolve));
    sent.once("response", (response) => response.once("error", () => undefined));
    sent.end();
    await fake.idle();
    sent.destroy(new Error("closed by the test"));
    await closed;
    await fake.idle(0);
    fake.advance(3_600_000);
    expect(fake.reads).to.deep.equal({ transfers: 1, sweeps: 1, entries: 1, presence: 1, cost: 1 });
  });
});
