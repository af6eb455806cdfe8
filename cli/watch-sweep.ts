import { isHangupIgnored } from "../connection/hangup.ts";
import type { SweepId } from "../staging/sweep/id.ts";
import type { Context } from "./context.ts";
import { SweepView } from "./render/sweep-progress.ts";
import { ExactScreen } from "./screen.ts";
import type { SweepProgress } from "./services/sweep/progress.ts";
import { watchSweep } from "./services/sweep/watch.ts";
import { handleSignals } from "./signals.ts";

/**
 * Follows a sweep with its progress on stderr. Ctrl-C, SIGTERM, or SIGHUP of a terminal that is closed stops following; the sweep continues.
 * @param options.quiet shows nothing, as under `--json`
 * @returns how the sweep ended; undefined where the user ended the watching first
 */
export async function watchOnScreen(
  context: Pick<Context, "settings" | "tables">,
  id: SweepId,
  { quiet }: { readonly quiet: boolean },
): Promise<SweepProgress | undefined> {
  const view = quiet
    ? undefined
    : new SweepView(new ExactScreen(process.stderr), { colours: process.stderr });
  const abort = new AbortController();
  const signals = ["SIGINT", "SIGTERM", ...(isHangupIgnored() ? [] : (["SIGHUP"] as const))] as const;
  const release = handleSignals(signals, () => {
    release();
    abort.abort();
  });
  let trouble = "";
  try {
    return await watchSweep(context, id, {
      signal: abort.signal,
      onUpdate: (progress) => {
        trouble = "";
        view?.update(progress);
      },
      onTrouble: (text) => {
        // Once for each outage.
        if (text !== trouble) view?.note(`The sweep continues; its progress cannot be read now: ${text}.`);
        trouble = text;
      },
    });
  } finally {
    release();
    view?.close();
  }
}
