import type { SweepId } from "../staging/sweep/id.ts";
import { commandLine } from "./command-line.ts";
import type { Context } from "./context.ts";
import { SweepView } from "./render/sweep-progress.ts";
import { ExactScreen } from "./screen.ts";
import type { SweepProgress } from "./services/sweep/progress.ts";
import { watchSweep } from "./services/sweep/watch.ts";
import { interruptible, stopSignals } from "./signals.ts";

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
  let trouble = "";
  const watch = (signal: AbortSignal): Promise<SweepProgress | undefined> =>
    watchSweep(context, id, {
      signal,
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
  return await interruptible(watch, stopSignals()).finally(() => view?.close());
}

/**
 * Sets the exit code for the end of {@link watchOnScreen}.
 * @param progress undefined if the user stopped following
 * @returns the line about it
 */
export function reportEnd(progress: SweepProgress | undefined, id: SweepId, environment: string): string {
  const command = (verb: string): string => commandLine(`spawn sweep ${verb} ${id}`, environment);
  if (progress?.state === "succeeded") return `✅ ${id} succeeded`;
  process.exitCode = progress === undefined ? 130 : 1;
  return progress === undefined
    ? `${id} continues. To follow it again: ${command("watch")}`
    : `${id} ended as ${progress.state}: ${command("info")}`;
}
