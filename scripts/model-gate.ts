import { existsSync } from "node:fs";
import { join } from "node:path";
import { spawnPaths } from "../local/paths.ts";
import { pythonIn } from "../local/python-environment.ts";
import { packageRoot } from "../package-root.ts";
import { run } from "./run.ts";

/** An option of `npm test`: adds new operations to the list. */
export const UPDATE_OPERATIONS = "--update-operations";

/**
 * Compares the requests that tests have recorded in `folder` with AWS's models, and their operations with
 * `test/gates/operations.txt`. See `test/gates/model/`.
 * @param options `update`: adds new operations to the list. `whole`: all tests ran, so there must be requests
 * @returns whether there is a problem
 */
export async function checkRequests(
  folder: string,
  { update, whole }: { update: boolean; whole: boolean },
): Promise<boolean> {
  if (!existsSync(folder) && !whole) return false; // no test file used a local cloud that records
  console.log("\nRequests against AWS's models");
  const gates = join(packageRoot(), "test", "gates");
  const options = [...(update ? ["--update"] : []), ...(whole ? ["--whole"] : [])];
  const script = join(gates, "model", "check.py");
  // The local cloud installs botocore with its models.
  const python = pythonIn(spawnPaths().venv);
  return (await run(python, ["-I", script, folder, join(gates, "operations.txt"), ...options])) !== 0;
}
