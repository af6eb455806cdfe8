import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";

/** A script or style that `scripts/build.ts` wrote to `dist/`, for an element of a page: it cannot end the element. */
export const builtText = async (path: string): Promise<string> =>
  (await readFile(join(packageRoot(), "dist", path), "utf8")).replaceAll(/<\/(script|style)/gi, "<\\/$1");
