import { join } from "node:path";
import { ensureInstalled } from "../local/cloud/install.ts";
import { ensureEngine } from "../local/engine/engine.ts";
import { spawnPaths } from "../local/paths.ts";
import { progressPrinter } from "../local/progress.ts";
import { packageRoot } from "../package-root.ts";
import { run } from "./run.ts";

/**
 * Creates everything that a fresh clone lacks: the bundles in `dist/`, the Pulumi engine (minutes, once) and the
 * local cloud's program. Prints slow steps.
 * @throws Error, a UserError if the user can fix it
 */
export async function prepare(): Promise<void> {
  const code = await run(process.execPath, [join(packageRoot(), "scripts", "build.ts")]);
  if (code !== 0) throw new Error(`the build ended with code ${code}`);
  const { onProgress, done } = progressPrinter(process.stdout);
  try {
    const engine = await ensureEngine({ onProgress });
    await ensureInstalled(spawnPaths().venv, { onProgress });
    done();
    console.log(`Pulumi engine ${engine.version}: ${engine.command}`);
  } finally {
    done();
  }
}
