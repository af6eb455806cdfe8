import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { spawnPaths } from "../../../local/paths.ts";
import { makeDataFolder } from "../../../local/private-folders.ts";

/** Starts the user's browser with a URL. @throws Error if it cannot be started */
type OpenUrl = (url: string) => Promise<void>;

/** By the system's program: `open`, `xdg-open`, or PowerShell in the Windows Subsystem for Linux. */
export const openWithSystem: OpenUrl = async (url) => {
  const { default: open } = await import("open");
  await open(url);
};

/**
 * Opens the address in the user's browser. The browser gets a private file that forwards to it, because other users of this machine can
 * read the arguments of processes, and the address contains the token.
 * @returns a function that removes the file
 */
export async function openBrowser(address: string, openUrl: OpenUrl): Promise<() => Promise<void>> {
  makeDataFolder();
  const parent = join(spawnPaths().data, "dashboard");
  await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(parent, "open-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const file = join(folder, "dashboard.html");
    // The address has no characters that HTML escapes.
    await writeFile(
      file,
      `<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0;url=${address}"><title>spawn dashboard</title><a href="${address}">Open the dashboard</a>\n`,
      { mode: 0o600, flag: "wx" },
    );
    await openUrl(pathToFileURL(file).href);
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}
