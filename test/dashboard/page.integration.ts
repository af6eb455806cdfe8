import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Browser, Page } from "puppeteer-core";
import { renderDashboardPage } from "../../cli/render/dashboard-page.ts";
import { type RunningDashboard, serveDashboard } from "../../cli/services/dashboard/server.ts";
import { failuresName, type Parts } from "../../dashboard/snapshot.ts";
import { observedPage, startBrowser } from "../support/browser.ts";
import {
  ABOUT,
  busyParts,
  EMPTY_PARTS,
  entry,
  FAILURES,
  failedPart,
  HOSTILE,
  LOG,
  LONG,
  read,
  SWEEP,
  savedPage,
  transfer,
} from "./fake-data.ts";
import { FakeEnvironment } from "./fake-environment.ts";

// Code in the page is text, because these tests use Node's types, which have no document.

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TEXT = "document.body.innerText";
/** Only the tests move the page's clock: a slow machine would show a later time than they expect. */
const PAGE_CLOCK = "let elapsedMs = 0; performance.now = () => elapsedMs;";

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Forwards connections to a server until it is cut. */
class Tunnel {
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #isCut = false;

  private constructor(port: number) {
    this.#server = createServer((client) => {
      if (this.#isCut) return void client.destroy();
      const server = connect(port, "127.0.0.1");
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => undefined);
        socket.once("close", () => this.#sockets.delete(socket));
      }
      client.pipe(server).pipe(client);
    });
  }

  static async to(address: string): Promise<{ readonly tunnel: Tunnel; readonly url: string }> {
    const url = new URL(address);
    const tunnel = new Tunnel(Number(url.port));
    tunnel.#server.listen(0, "127.0.0.1");
    await once(tunnel.#server, "listening");
    const bound = tunnel.#server.address();
    if (bound === null || typeof bound === "string") throw new Error("the tunnel has no port");
    url.port = String(bound.port);
    return { tunnel, url: url.href };
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe("The dashboard's page in a browser", () => {
  let browser: Browser;
  let fake: FakeEnvironment;
  let dashboard: RunningDashboard;
  let complaints: string[];
  let requests: string[];
  let pages: Page[];
  before(async () => {
    browser = await startBrowser();
  });
  after(async () => await browser?.close());
  beforeEach(() => {
    [complaints, requests, pages] = [[], [], []];
  });
  afterEach(async () => {
    await dashboard?.close();
    for (const page of pages) await page.close();
  });

  async function serve(parts: Parts): Promise<string> {
    fake = new FakeEnvironment(parts);
    dashboard = await serveDashboard({
      page: await renderDashboardPage({ about: ABOUT }),
      polling: fake.polling,
      details: {
        failures: async () => FAILURES,
        log: async (_id, { index }) => (index === 7 ? LOG : undefined),
      },
      explain: fake.deps.explain,
    });
    return dashboard.url;
  }

  async function open(url: string, scheme: "light" | "dark" = "light", width = 1280): Promise<Page> {
    const page = await observedPage(browser, { complaints, requests }, { scheme, width });
    pages.push(page);
    await page.evaluateOnNewDocument(PAGE_CLOCK);
    await page.goto(url);
    await page.waitForSelector("h1");
    return page;
  }

  const waitForText = (page: Page, text: string) =>
    page.waitForFunction(`${TEXT}.includes(${JSON.stringify(text)})`);
  const textOf = (page: Page, selector: string) =>
    page.evaluate(`document.querySelector(${JSON.stringify(selector)})?.innerText ?? ""`) as Promise<string>;
  const count = (page: Page, selector: string) =>
    page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`) as Promise<number>;
  /** Everything of the page is rendered. */
  const complete = (page: Page) => page.waitForFunction("document.querySelectorAll('.reading').length === 0");

  async function openFailures(page: Page): Promise<void> {
    await page.click(".failures summary");
    await page.waitForSelector(".failure button");
    await page.click(".failure button");
    await page.waitForSelector(".log");
  }

  async function violations(page: Page): Promise<string[]> {
    // Not as a script element, which the content security policy forbids.
    await page.evaluate(await readFile(AXE, "utf8"));
    const found = (await page.evaluate("axe.run()")) as AxeResult;
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  }

  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 380],
    ["dark", 380],
  ] as const) {
    it(`shows everything, ${scheme}, ${width} pixels wide, without a violation of axe-core's rules`, async () => {
      const url = await serve(busyParts());
      const page = await open(url, scheme, width);
      await complete(page);
      await openFailures(page);
      const [scroll, inner] = (await page.evaluate(
        "[document.documentElement.scrollWidth, innerWidth]",
      )) as number[];
      expect(scroll).to.equal(inner);
      expect(complaints).to.deep.equal([]);
      expect(requests.filter((request) => !request.startsWith("data:"))).to.deep.equal([
        url,
        `${url}events`,
        `${url}${failuresName(SWEEP.id)}`,
        `${url}sweeps/${SWEEP.id}/logs/us-east-1/7/1`,
      ]);
      expect(await violations(page)).to.deep.equal([]);
    });
  }

  it("shows names as text, whatever they contain", async () => {
    const page = await open(await serve(busyParts()));
    await complete(page);
    await openFailures(page);
    expect(await page.title()).to.equal("spawn dashboard (dev)");
    expect(await count(page, "img")).to.equal(0);
    const names = (await page.evaluate(
      "[...document.querySelectorAll('.entries .name')].map((name) => name.textContent)",
    )) as string[];
    expect(names).to.include.members([HOSTILE, LONG]);
    expect(await textOf(page, "#sweeps")).to.contain(HOSTILE);
    expect(await textOf(page, ".log")).to.contain("ValueError: no record <b>7</b>");
    expect(complaints).to.deep.equal([]);
  });

  it("names the state of the data in every region, and the command that repairs them", async () => {
    const page = await open(await serve(busyParts()));
    await complete(page);
    const text = await textOf(page, "#entries");
    expect(text).to.contain("us-west-2 missing").and.contain("eu-west-1 not reachable");
    expect(text).to.contain("spawn stage repair stage-000000000002");
    expect(text).to.contain("Expired").and.contain("Deleting").and.contain("1h 06m");
    expect(await textOf(page, "#regions")).to.contain("1 damaged");
    expect(await textOf(page, "#transfers"))
      .to.contain("69 %")
      .and.contain("spawn stage resume stage-77aa00bb11cc");
  });

  it("follows transfers, sweeps and the time left", async () => {
    const page = await open(await serve(busyParts()));
    await complete(page);
    await fake.idle();
    const regions = [{ region: "us-east-1", bytes: 90_000_000_000, files: 0 }];
    fake.parts = {
      ...fake.parts,
      transfers: read([transfer({ regions })]),
      sweeps: read({
        sweeps: [{ ...SWEEP, total: { ...SWEEP.total, done: 36, pending: 1 } }],
        more: false,
      }),
    };
    fake.advance(60_000);
    await waitForText(page, "75 %");
    await waitForText(page, "36 done");
    await waitForText(page, "1h 05m");
    // 7 GB in a minute
    await waitForText(page, "/s");
    expect(await textOf(page, "[role=status]")).to.contain("Live");
    // Between two events the page's own clock runs.
    await page.evaluate("elapsedMs += 60_000");
    await waitForText(page, "1h 04m");
    await waitForText(page, "read 1m 00s ago");
    expect(complaints).to.deep.equal([]);
  });

  it("says how to begin in an empty environment", async () => {
    const page = await open(await serve(EMPTY_PARTS));
    await complete(page);
    const text = (await page.evaluate(TEXT)) as string;
    expect(text).to.contain("spawn stage upload FILE").and.contain("spawn launch --params sweep.yaml");
    expect(text).to.contain("Nothing was staged in this period.");
    expect(await violations(page)).to.deep.equal([]);
  });

  it("shows the error of a part with its fix, and the other parts", async () => {
    const error = {
      message: "AWS refuses the request",
      why: "The role lacks a permission.",
      fix: "spawn doctor",
    };
    const parts = busyParts();
    const problems = [{ message: "the record of stage-1 is corrupt" }];
    const page = await open(
      await serve({ ...parts, sweeps: failedPart(error), entries: { ...parts.entries, problems } }),
    );
    await complete(page);
    expect(await textOf(page, "#sweeps [role=alert]")).to.equal(
      "AWS refuses the request. The role lacks a permission. Fix: spawn doctor",
    );
    expect(await textOf(page, ".problems")).to.contain("The record of stage-1 is corrupt.");
    expect(await textOf(page, "#entries")).to.contain("sample-0.fastq.gz");
    await fake.idle();
    fake.parts = { ...fake.parts, sweeps: parts.sweeps };
    fake.advance(30_000);
    await waitForText(page, "genome-pipeline");
    expect(await count(page, "#sweeps [role=alert]")).to.equal(0);
  });

  it("filters, sorts and shows 200 entries, by the keyboard alone", async () => {
    const entries = Array.from({ length: 200 }, (_, number) => entry(number));
    const page = await open(await serve({ ...busyParts(), entries: read({ entries, more: true }) }));
    await complete(page);
    const names = () =>
      page.evaluate(
        "[...document.querySelectorAll('.entries .name')].map((name) => name.textContent)",
      ) as Promise<string[]>;
    expect(await names()).to.have.length(50);
    await page.focus("#entries .more");
    await page.keyboard.press("Enter");
    await page.waitForFunction("document.querySelectorAll('.entries .name').length === 200");
    await page.focus("#filter");
    await page.keyboard.type("sample-19");
    await page.waitForFunction("document.querySelectorAll('.entries .name').length === 11");
    expect(await textOf(page, ".filter [role=status]")).to.equal("11 of 200 entries");
    await page.focus(".entries thead th:nth-child(2) button");
    await page.keyboard.press("Enter");
    await page.waitForSelector("th[aria-sort=descending]:nth-child(2)");
    expect((await names()).slice(0, 3)).to.deep.equal(
      [199, 198, 197].map((number) => `sample-${number}.fastq.gz`),
    );
    await page.focus("#filter");
    await page.keyboard.type("x");
    await waitForText(page, "No entry matches.");
  });

  it("begins the order of the keyboard with a link to the content, and shows the focus", async () => {
    const page = await open(await serve(busyParts()));
    await complete(page);
    await page.keyboard.press("Tab");
    const focused = "document.activeElement";
    expect(await page.evaluate(`${focused}.textContent`)).to.equal("Skip to the content");
    expect(await page.evaluate(`getComputedStyle(${focused}).outlineStyle`)).to.equal("solid");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(`${focused}.id`)).to.equal("content");
    await page.focus(".failures summary");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".failure button");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".log");
    await page.keyboard.press("Tab");
    while ((await page.evaluate(`${focused}.className`)) !== "log") {
      expect(await page.evaluate(`${focused}.closest(".failures") !== null`)).to.equal(true);
      await page.keyboard.press("Tab");
    }
  });

  it("reports a lost connection, reconnects, and reports the end of the program", async () => {
    const { tunnel, url } = await Tunnel.to(await serve(busyParts()));
    try {
      const page = await open(url);
      await complete(page);
      tunnel.cut();
      await waitForText(page, "The connection to spawn is lost.");
      expect(await textOf(page, ".banner"))
        .to.contain("12:00:00 UTC")
        .and.contain("spawn dashboard");
      expect(await textOf(page, "#entries")).to.contain("sample-0.fastq.gz");
      expect(await violations(page)).to.deep.equal([]);
      tunnel.restore();
      await page.waitForFunction("document.querySelector('.banner') === null");
      expect(await textOf(page, "[role=status]")).to.contain("Live");
      await dashboard.close();
      await waitForText(page, "The dashboard has ended.");
    } finally {
      tunnel.close();
      await serve(EMPTY_PARTS);
    }
  });

  it("reads nothing while the page is hidden", async () => {
    const page = await open(await serve(busyParts()));
    await complete(page);
    const show = (state: string) =>
      page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"))`);
    await fake.idle();
    await show("hidden");
    await fake.idle(0);
    const before = { ...fake.reads };
    fake.advance(3_600_000);
    expect(fake.reads).to.deep.equal(before);
    await show("visible");
    await fake.idle();
    expect(fake.reads.transfers).to.equal(before.transfers + 1);
  });

  it("works as a saved file, and requests nothing", async () => {
    const folder = await mkdtemp(join(tmpdir(), "spawn page "));
    try {
      const file = join(folder, "dashboard.html");
      const { html } = await renderDashboardPage({ about: ABOUT, saved: savedPage(busyParts()) });
      await writeFile(file, html);
      const url = pathToFileURL(file).href;
      await serve(EMPTY_PARTS);
      const page = await open(url, "light", 380);
      expect(await textOf(page, ".status"))
        .to.contain("Saved copy")
        .and.contain("2026-11-24 12:00 UTC");
      await openFailures(page);
      expect(await textOf(page, ".log")).to.contain("ValueError");
      await page.click(".failure:nth-child(2) button");
      await waitForText(page, "This copy does not contain it.");
      expect(complaints).to.deep.equal([]);
      expect(requests.filter((request) => !request.startsWith("data:"))).to.deep.equal([url]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
