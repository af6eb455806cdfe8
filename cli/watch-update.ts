import type { EngineEvent } from "@pulumi/pulumi/automation/events.js";
import { interruption } from "./engine/failure.ts";
import type { ResourceChange, UpdateOptions } from "./engine/update.ts";
import { ProgressView } from "./render/progress.ts";
import { ExactScreen } from "./screen.ts";
import { handleSignals, stopSignals } from "./signals.ts";

export interface WatchOptions {
  /** Shows only errors, for `--json`. */
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly onChange?: (change: ResourceChange) => void;
  /** Receives each warning that `quiet` hides. */
  readonly onQuietWarning: (message: string) => void;
  /** Warnings that the command has already shown. */
  readonly shown?: readonly string[];
}

/**
 * Runs an update and shows its progress on stderr. The first Ctrl-C, SIGTERM or closed terminal interrupts the update, and the engine
 * writes its state. Further signals only print that it is stopping.
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
    view?.note(abort.signal.aborted ? "Still stopping: the engine is writing its state." : "Stopping…");
    abort.abort(interruption());
  };
  const release = handleSignals(stopSignals(), stop);
  try {
    return await run({
      signal: abort.signal,
      onProgress: (progress) => view?.update(progress),
      onNote: (message, severity) => {
        if (options.shown?.includes(message)) return;
        if (view === undefined && severity === "warning") options.onQuietWarning(message);
        // The engine's own messages can have several lines.
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

/** Shows the engine's steps and messages for `--verbose`, without progress reports. */
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
