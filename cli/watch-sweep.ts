import { isHangupIgnored } from "../connection/hangup.ts";
import type { SweepId } from "../staging/sweep/id.ts";
import type { Context } from "./context.ts";
import { SweepView } from "./render/sweep-progress.ts";
import { ExactScreen } from "./screen.ts";
import type { SweepProgress } from "./services/sweep/progress.ts";
import { watchSweep } from "./services/sweep/watch.ts";
import { handleSignals } from "./signals.ts";

/**
 * Follows a sweep and shows its progress on stderr. Ctrl-C, SIGTERM or a closed terminal stops following; the sweep continues.
 * @param options.quiet shows nothing, for `--json`
 * @returns the final progress; undefined if the user stopped following first
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
        // Report each outage once.
        if (text !== trouble) view?.note(`The sweep continues, but its progress cannot be read: ${text}.`);
        trouble = text;
      },
    });
  } finally {
    release();
    view?.close();
  }
}
