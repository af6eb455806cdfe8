import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { World } from "./world.ts";

/** Where the command line's time is shifted: its own clock, and what it hears of the server's. */
interface Shift {
  readonly machineDays?: number;
  readonly serverDays?: number;
}

/**
 * Variables with which the command line believes that it is later, as the server tells it, too: what was just made is old for it. The
 * clocks of the engine, of the plugins and of the local cloud stay as they are.
 */
export const later = (world: World, days: number): Promise<NodeJS.ProcessEnv> =>
  shifted(world, { machineDays: days, serverDays: days });

/** Variables with which the clock of the machine is wrong for the command line alone. */
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
    // A date in the form of HTTP is that of an answer.
    static parse(text) {
      return Now.parse(text) + (/ GMT$/.test(text) ? ${serverDays * 86_400_000} : 0);
    }
  };
}
`,
  );
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` };
}
