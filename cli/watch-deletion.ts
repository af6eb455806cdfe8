import { REPLICATION, STAGED_DATA } from "../staging/resources/tokens.ts";
import type { ResourceChange } from "./engine/update.ts";
import type { Deletable } from "./services/entry/deletable.ts";
import type { DeletionEvents } from "./services/entry/deletion.ts";
import { type WatchOptions, watchUpdate } from "./watch-update.ts";

/** Shows the steps and the progress of a deletion on stderr. If there are several entries, each line names its entry. */
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

/** The line for a completed deletion of data in a region; undefined for other steps. */
function stepLine({ op, type, inputs }: ResourceChange): string | undefined {
  if (op !== "delete" || (type !== STAGED_DATA && type !== REPLICATION)) return undefined;
  return `Deleting from ${String(inputs["region"])}... ✓`;
}
