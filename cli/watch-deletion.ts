import { REPLICATION, STAGED_DATA } from "../staging/resources.ts";
import type { ResourceChange } from "./engine/update.ts";
import type { Deletable, DeletionEvents } from "./services/entry/delete.ts";
import { type WatchOptions, watchUpdate } from "./watch-update.ts";

/** Runs the deletion of entries with its steps and its progress on stderr. Of several, each line names its entry. */
export function watchDeletion<T>(
  entries: readonly Deletable[],
  options: Omit<WatchOptions, "onChange">,
  run: (events: DeletionEvents) => Promise<T>,
): Promise<T> {
  const name = ({ id }: Deletable): string => (entries.length === 1 ? "" : `${id}: `);
  return watchUpdate(options, (update) =>
    run({
      signal: update.signal,
      onProgress: (entry, progress) =>
        update.onProgress?.({ ...progress, region: `${name(entry)}${progress.region}` }, ""),
      onChange: (entry, change) => {
        const line = stepLine(change);
        if (line !== undefined) update.onNote?.(`${name(entry)}${line}`, "info");
      },
      onNote: (entry, message, severity) => update.onNote?.(`${name(entry)}${message}`, severity),
      onDeleted: (entry) => update.onNote?.(`${name(entry)}Removing metadata... ✓`, "info"),
    }),
  );
}

/** The line for a finished step of the deletion, where it is one that people know of. */
function stepLine({ op, type, inputs }: ResourceChange): string | undefined {
  if (op !== "delete" || (type !== STAGED_DATA && type !== REPLICATION)) return undefined;
  return `Deleting from ${String(inputs["region"])}... ✓`;
}
