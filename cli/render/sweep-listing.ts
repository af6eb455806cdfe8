import type { SweepJson } from "../services/sweep/listing.ts";
import type { SweepProgress } from "../services/sweep/progress.ts";
import type { CsvColumns } from "./csv.ts";
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

/** The columns of `sweep list` as CSV. Dates are UTC; lists are separated by spaces. */
export const SWEEP_CSV_COLUMNS: CsvColumns<SweepJson> = {
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
