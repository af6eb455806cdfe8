import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";

/** Names the folder in which the requests to local clouds of tests are written down; unset: they are not. */
export const REQUESTS_VARIABLE = "SPAWN_TEST_REQUESTS";

/**
 * Lets the local cloud of a copy of this package write down each request, for the model gate (`test/gates/model/`). The program itself
 * has no such switch, so nobody can be listened to by a variable.
 */
export async function recordRequests(project: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const script = join(project, "local", "cloud", "serve.py");
  const original = join(project, "local", "cloud", "serve-original.py");
  await rename(script, original);
  const recorder = join(packageRoot(), "test", "gates", "model", "record.py");
  const arguments_ = [recorder, original, folder].map((path) => JSON.stringify(path));
  await writeFile(
    script,
    `import runpy, sys\nsys.dont_write_bytecode = True\nrecorder, original, folder = ${arguments_.join(", ")}\n` +
      `runpy.run_path(recorder)["run"](original, folder)\n`,
  );
}
