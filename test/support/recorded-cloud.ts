import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";

/** Names the folder for the recorded requests to tests' local clouds; unset: no recording. */
export const REQUESTS_VARIABLE = "SPAWN_TEST_REQUESTS";

/**
 * Makes the local cloud of a copy of this package record each request, for the model gate (`test/gates/model/`). The program itself has
 * no such switch, so no variable can make it record a user.
 */
export async function recordRequests(project: string): Promise<void> {
  const requests = process.env[REQUESTS_VARIABLE];
  if (requests === undefined) return;
  const script = join(project, "local", "cloud", "serve.py");
  const original = join(project, "local", "cloud", "serve-original.py");
  await rename(script, original);
  await writeRecorder(script, original, join(requests, "end-to-end"));
}

/**
 * A start script for a recording local cloud of this package.
 * @param folder of the script
 * @returns undefined if requests are not recorded
 */
export async function recordingScript(folder: string): Promise<string | undefined> {
  const requests = process.env[REQUESTS_VARIABLE];
  if (requests === undefined) return undefined;
  const recorded = join(folder, "recorded");
  await mkdir(recorded);
  // Tests know the server by this name.
  const script = join(recorded, "serve.py");
  await writeRecorder(
    script,
    join(packageRoot(), "local", "cloud", "serve.py"),
    join(requests, "integration"),
  );
  return script;
}

async function writeRecorder(script: string, original: string, requests: string): Promise<void> {
  await mkdir(requests, { recursive: true });
  const recorder = join(packageRoot(), "test", "gates", "model", "record.py");
  const paths = [recorder, original, requests].map((path) => JSON.stringify(path));
  await writeFile(
    script,
    "import runpy, sys\n" +
      "sys.dont_write_bytecode = True\n" +
      `recorder, original, requests = ${paths.join(", ")}\n` +
      'runpy.run_path(recorder)["run"](original, requests)\n',
  );
}
