import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import type { WorkerTemplates } from "../staging/sweep/worker-facts.ts";

/** Reads the scripts of `worker/`. */
export async function readWorkerTemplates(): Promise<WorkerTemplates> {
  const read = (name: string) => readFile(join(packageRoot(), "worker", name), "utf8");
  const [boot, worker, stage] = await Promise.all([read("boot.sh"), read("worker.sh"), read("stage.sh")]);
  return { boot, worker, stage };
}
