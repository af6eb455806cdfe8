import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import type { Browser, Page } from "puppeteer-core";
import { renderCostPage } from "../../../../cli/render/cost-page/page.ts";
import { toCostJson } from "../../../../cli/services/cost/json.ts";
import { type Observed, observedPage, startBrowser } from "../../../support/browser.ts";
import { ledgerItem, reportOf } from "../../ledger.ts";

const REGIONS = ["us-east-1", "us-west-2", "eu-west-1"];
const REPORT = reportOf(
  Array.from({ length: 30 }, (_, at) =>
    ledgerItem(at.toString(16).padStart(12, "0"), {
      size_bytes: (at + 1) * 10 ** 10,
      filename: `<b>${"long-name-without-any-space-".repeat(at % 5)}${at}</b>.tar`,
      regions: REGIONS.slice(0, 1 + (at % 3)),
      uploaded_at: `2026-11-${String(1 + (at % 23)).padStart(2, "0")}T10:00:00Z`,
      sweep_id: at % 2 === 0 ? undefined : `sweep-${"x".repeat(40)}${at % 3}`,
      "instances_in_us-west-2": at,
    }),
  ),
);

// Code in the page is text, because these tests use Node's types, which have no document.

/** For each canvas, the number of pixels with the colour of a series. */
const COLOURED_PIXELS = `[...document.querySelectorAll("canvas")].map((canvas) => {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const style = getComputedStyle(document.documentElement);
  const wanted = ["replication", "storage", "direct"].map((name) => {
    probe.fillStyle = style.getPropertyValue("--" + name).trim();
    probe.fillRect(0, 0, 1, 1);
    return String(probe.getImageData(0, 0, 1, 1).data.slice(0, 3));
  });
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) if (wanted.includes(data[at] + "," + data[at + 1] + "," + data[at + 2])) found++;
  return found;
})`;

/** By section, each row's heading and amounts. */
const TABLES = `Object.fromEntries([...document.querySelectorAll("section")].map((section) => [
  section.id.replace("section-", ""),
  [...section.querySelectorAll("tbody tr, tfoot tr")].map((row) => [
    (row.querySelector("th > code, th > time") ?? row.querySelector("th")).firstChild.textContent,
    ...[...row.querySelectorAll("data")].map((cell) => Number(cell.value)),
  ]),
]))`;

describe("The cost report's page in a browser", () => {
  let browser: Browser;
  let folder: string;
  let url: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "spawn page "));
    const file = join(folder, "costs.html");
    await writeFile(file, await renderCostPage(REPORT));
    url = pathToFileURL(file).href;
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The page, with its error messages and network requests. */
  async function open(scheme: "light" | "dark", width: number) {
    const observed: Observed = { complaints: [], requests: [] };
    const page = await observedPage(browser, observed, { scheme, width });
    await page.goto(url);
    await page.waitForFunction("document.querySelectorAll('canvas[width]').length === 5");
    return { page, ...observed };
  }

  const bars = (page: Page) => page.evaluate(COLOURED_PIXELS) as Promise<number[]>;

  for (const [scheme, width] of [
    ["light", 1280],
    ["dark", 1280],
    ["light", 380],
    ["dark", 380],
  ] as const) {
    it(`draws every chart, ${scheme}, ${width} pixels wide, and requests nothing`, async () => {
      const { page, complaints, requests } = await open(scheme, width);
      const [scroll, inner] = (await page.evaluate(
        "[document.documentElement.scrollWidth, innerWidth]",
      )) as number[];
      expect(scroll).to.equal(inner);
      expect(complaints).to.deep.equal([]);
      expect(requests.filter((request) => !request.startsWith("data:"))).to.deep.equal([url]);
      for (const pixels of await bars(page)) expect(pixels).to.be.above(200);
      await page.close();
    });
  }

  it("redraws in the other colours when the scheme changes", async () => {
    const { page } = await open("light", 1280);
    await page.emulateMediaFeatures([
      { name: "prefers-color-scheme", value: "dark" },
      { name: "prefers-reduced-motion", value: "reduce" },
    ]);
    await page.waitForFunction(`(${COLOURED_PIXELS}).every((pixels) => pixels > 200)`, { polling: 100 });
    await page.close();
  });

  it("is static if the user prefers reduced motion, and animated otherwise", async () => {
    const { page } = await open("light", 1280);
    const animation = () => page.evaluate("Chart.getChart('chart-days').config.options.animation");
    expect(await animation()).to.equal(false);
    await page.emulateMediaFeatures([{ name: "prefers-reduced-motion", value: "no-preference" }]);
    await page.reload();
    expect(await animation()).to.deep.include({ duration: 350 });
    await page.close();
  });

  it("has the figures of the JSON in its tables and charts", async () => {
    const { page } = await open("light", 1280);
    const tables = await page.evaluate(TABLES);
    const json = toCostJson(REPORT);
    const row = (head: string, { replication, storage, total }: typeof json.cost) => [
      head,
      replication,
      storage,
      total,
    ];
    expect(tables).to.deep.equal({
      days: json.by_day.map(({ date, cost }) => row(date, cost)),
      entries: json.entries.map(({ staging_id, cost }) => row(staging_id, cost)),
      regions: json.by_region.map(({ region, cost }) => row(region, cost)),
      sweeps: json.by_sweep.map(({ sweep_id, cost }) => row(sweep_id ?? "no sweep", cost)),
      savings: [
        ["Direct transfer", json.savings.direct],
        ["Staging: replication", json.cost.replication],
        ["Staging: storage", json.cost.storage],
        ["Staging: total", json.cost.total],
        ["Saved", json.savings.saved],
      ],
    });
    const series = (await page.evaluate(
      "['days','regions'].map((id) => Chart.getChart('chart-' + id).data.datasets.map(({ data }) => data))",
    )) as number[][][];
    expect(series).to.deep.equal(
      [json.by_day, json.by_region].map((costs) => [
        costs.map(({ cost }) => cost.replication),
        costs.map(({ cost }) => cost.storage),
      ]),
    );
    await page.close();
  });
});
