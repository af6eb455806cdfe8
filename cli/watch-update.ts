import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { isHangupIgnored } from "../connection/hangup.ts";
import { interruption } from "./engine/failure.ts";
import type { ResourceChange, UpdateOptions } from "./engine/update.ts";
import { ProgressView } from "./render/progress.ts";
import { ExactScreen } from "./screen.ts";
import { handleSignals } from "./signals.ts";

export interface WatchOptions {
  /** Under `--json` nothing is shown but errors. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly onChange?: (change: ResourceChange) => void;
  /** Called with each warning that `quiet` hides. */
  readonly onQuietWarning?: (message: string) => void;
  /** Warnings that the user has seen already. */
  readonly told?: readonly string[];
}

/**
 * Runs an update with its progress on stderr. The first Ctrl-C, SIGTERM, or SIGHUP of a terminal that is
 * closed asks it to stop cleanly; the engine writes its complete state. Further signals only print that the stop is in progress.
 */
export async function watchUpdate<T>(
  options: WatchOptions,
  run: (update: UpdateOptions) => Promise<T>,
): Promise<T> {
  const view = options.quiet
    ? undefined
    : new ProgressView(new ExactScreen(process.stderr), { colours: process.stderr });
  const abort = new AbortController();
  const stop = () => {
    view?.note(abort.signal.aborted ? "Still stopping; the state is being written." : "Stopping…");
    abort.abort(interruption());
  };
  const signals = ["SIGINT", "SIGTERM", ...(isHangupIgnored() ? [] : (["SIGHUP"] as const))] as const;
  const release = handleSignals(signals, stop);
  try {
    return await run({
      signal: abort.signal,
      onProgress: (progress) => view?.update(progress),
      onNote: (message, severity) => {
        if (options.told?.includes(message)) return;
        if (view === undefined && severity === "warning") options.onQuietWarning?.(message);
        // The engine's own messages may have several lines.
        const [text = "", ...further] = message.split("\n");
        view?.note(severity === "warning" ? { style: "yellow", label: "Warning:", text } : text);
        for (const line of further) view?.note(`  ${line}`);
      },
      ...(options.onChange ? { onChange: options.onChange } : {}),
      ...(options.verbose && view ? { onEvent: (event) => logEvent(event, view) } : {}),
    });
  } finally {
    release();
    view?.close();
  }
}

/** The engine's log for `--verbose`: each step and each message that is no progress report. */
function logEvent(event: EngineEvent, view: ProgressView): void {
  const step = event.resourcePreEvent ?? event.resOutputsEvent ?? event.resOpFailedEvent;
  if (step) {
    const state = event.resourcePreEvent ? "begin" : event.resOpFailedEvent ? "failed" : "end";
    view.note(`engine: ${state} ${step.metadata.op} ${step.metadata.urn}`);
  }
  const message = event.diagnosticEvent;
  if (message && !message.ephemeral && message.severity !== ("debug" as string)) {
    view.note(`engine: ${message.severity}: ${message.message.trim()}`);
  }
}
