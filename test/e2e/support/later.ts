import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { World } from "./world.ts";

/** Shifts the command line's time: its own clock, and the dates of servers' responses. */
interface Shift {
  readonly machineDays?: number;
  readonly serverDays?: number;
}

/**
 * Variables that shift the command line's clock and the server's dates into the future, so that new data are old for it. The clocks of
 * the engine, the plugins and the local cloud are not changed.
 */
export const later = (world: World, days: number): Promise<NodeJS.ProcessEnv> =>
  shifted(world, { machineDays: days, serverDays: days });

/** Variables that shift only the machine's clock, for the command line alone. */
export const clockOff = (world: World, days: number): Promise<NodeJS.ProcessEnv> =>
  shifted(world, { machineDays: days });

async function shifted(world: World, { machineDays = 0, serverDays = 0 }: Shift): Promise<NodeJS.ProcessEnv> {
  const file = join(world.home, `shifted-${machineDays}-${serverDays}.mjs`);
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
      return Now.now() + ${machineDays * 86_400_000};
    }
    // A date in the HTTP format belongs to a response.
    static parse(text) {
      return Now.parse(text) + (/ GMT$/.test(text) ? ${serverDays * 86_400_000} : 0);
    }
  };
}
`,
  );
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}
