import { type SweepJson, toSweepJson } from "../services/sweep/listing.ts";
import type { SweepProgress } from "../services/sweep/progress.ts";
import { type CsvForm, csvLine } from "./csv.ts";
import type { Write } from "./streams.ts";
import type { Column } from "./table.ts";
import { formatUtc } from "./text.ts";

/** The columns of `sweep list`. */
export const SWEEP_COLUMNS: readonly Column<SweepProgress>[] = [
  { title: "SWEEP ID", value: ({ meta }) => meta.sweepId, minWidth: 18 },
  { title: "NAME", value: ({ meta }) => meta.name, minWidth: 12 },
  { title: "STATE", value: ({ state }) => state, minWidth: 9 },
  { title: "DONE", value: ({ meta, total }) => `${total.done}/${meta.count}` },
  { title: "FAILED", value: ({ total }) => String(total.failed) },
  { title: "REGIONS", value: ({ meta }) => String(meta.regions.length) },
  {
    title: "STARTED",
    value: ({ meta }) => (meta.startedAt === undefined ? "-" : formatUtc(meta.startedAt)),
    minWidth: 23,
  },
  { title: "DEADLINE", value: ({ meta }) => formatUtc(meta.deadlineAt) },
];

type Cell = string | number | null;

/** The columns as CSV, in a stable order; new ones are appended. Dates are UTC; lists are separated by spaces. */
const CSV_COLUMNS: Readonly<Record<string, (sweep: SweepJson) => Cell>> = {
  sweep_id: (sweep) => sweep.sweep_id,
  name: (sweep) => sweep.name,
  state: (sweep) => sweep.state,
  count: (sweep) => sweep.count,
  open: (sweep) => sweep.open,
  done: (sweep) => sweep.done,
  failed: (sweep) => sweep.failed,
  cancelled: (sweep) => sweep.cancelled,
  regions: (sweep) => sweep.regions.join(" "),
  entries: (sweep) => sweep.entries.join(" "),
  generation: (sweep) => sweep.generation,
  created_at: (sweep) => sweep.created_at,
  started_at: (sweep) => sweep.started_at,
  deadline_at: (sweep) => sweep.deadline_at,
  cancelled_at: (sweep) => sweep.cancelled_at,
};

/** Writes the list as CSV, page by page. Writes nothing before the first page. */
export async function writeSweepsCsv(
  pages: AsyncIterable<readonly SweepProgress[]>,
  write: Write,
  form: CsvForm,
): Promise<void> {
  let text = csvLine(Object.keys(CSV_COLUMNS));
  for await (const page of pages) {
    for (const sweep of page.map(toSweepJson))
      text += csvLine(
        Object.values(CSV_COLUMNS).map((value) => value(sweep)),
        form,
      );
    await write(text);
    text = "";
  }
  if (text !== "") await write(text);
}
