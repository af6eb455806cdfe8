import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { World } from "./world.ts";

/**
 * Variables with which the command line believes that it is later, so that what was just made is old for it. The clocks of
 * the engine, of the plugins and of the local cloud stay as they are.
 */
export async function later(world: World, days: number): Promise<NodeJS.ProcessEnv> {
  const file = join(world.home, `later-${days}.mjs`);
  await writeFile(
    file,
    `if (process.argv[1]?.endsWith("/bin/spawn")) {
  const Now = Date;
  globalThis.Date = class extends Now {
    constructor(...args) {
      if (args.length === 0) super(Date.now());
      else super(...args);
    }
    static now() {
      return Now.now() + ${days * 86_400_000};
    }
  };
}
`,
  );
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}
