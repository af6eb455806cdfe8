import { arch, platform } from "node:os";
import chromium from "@sparticuz/chromium";
import puppeteer, { type Browser, type LaunchOptions } from "puppeteer-core";

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
