import { arch, platform } from "node:os";
import chromium from "@sparticuz/chromium";
import puppeteer, { type Browser, type LaunchOptions, type Page } from "puppeteer-core";

/**
 * A headless Chromium: the one at CHROME_PATH; else, on Linux on x64, the one of the package `@sparticuz/chromium`; else the
 * machine's own Chrome.
 */
export async function startBrowser(): Promise<Browser> {
  const own = process.env["CHROME_PATH"];
  if (own) return await puppeteer.launch({ executablePath: own, headless: true });
  return await puppeteer.launch(
    platform() === "linux" && arch() === "x64" ? await packaged() : { channel: "chrome", headless: true },
  );
}

async function packaged(): Promise<LaunchOptions> {
  return { executablePath: await chromium.executablePath(), args: chromium.args, headless: "shell" };
}

/** The console messages and errors of a page, and its requests. */
export interface Observed {
  readonly complaints: string[];
  readonly requests: string[];
}

/** A new page of this width, without motion, that reports to `observed`. */
export async function observedPage(
  browser: Browser,
  { complaints, requests }: Observed,
  { scheme, width }: { readonly scheme: "light" | "dark"; readonly width: number },
): Promise<Page> {
  const page = await browser.newPage();
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: "reduce" },
  ]);
  await page.setViewport({ width, height: 800 });
  return page;
}
