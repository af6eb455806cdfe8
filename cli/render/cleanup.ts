import { settingsFileName } from "../../staging/environment.ts";
import { addMoney, type MicroDollars } from "../../staging/money.ts";
import { shellQuoted } from "../../staging/shell.ts";
import { formatInteger } from "../../staging/units.ts";
import { commandLine } from "../command-line.ts";
import { textOf } from "../screen.ts";
import {
  type CleanableEntry,
  type CleanupPlan,
  type CleanupQuestion,
  type IncompleteStack,
  isRemovable,
  type Orphan,
  type OrphanPlace,
} from "../services/cleanup/plan.ts";
import { type Column, renderTable } from "./table.ts";
import { compactBytes, formatFineMoney, formatUtcDay, plural } from "./text.ts";

const ENTRY_COLUMNS: readonly Column<CleanableEntry>[] = [
  { title: "STAGING ID", value: (entry) => entry.id, minWidth: 18 },
  { title: "SIZE", value: (entry) => compactBytes(entry.sizeBytes), minWidth: 6 },
  { title: "REGIONS", value: (entry) => String(entry.regions.length) },
  { title: "EXPIRES", value: (entry) => formatUtcDay(entry.expiresAt), minWidth: 10 },
  { title: "A DAY", value: (entry) => formatFineMoney(entry.costPerDay) },
  { title: "FILE", value: (entry) => entry.filename },
];

type OrphanRow = OrphanPlace & Pick<Orphan, "id" | "kind" | "changedAt">;

const ORPHAN_COLUMNS: readonly Column<OrphanRow>[] = [
  { title: "STAGING ID", value: (row) => row.id, minWidth: 18 },
  { title: "OBJECTS", value: (row) => formatInteger(row.objects) },
  { title: "UPLOADS", value: (row) => formatInteger(row.uploads.length) },
  { title: "SIZE", value: (row) => compactBytes(row.bytes), minWidth: 6 },
  { title: "CHANGED", value: (row) => formatUtcDay(row.changedAt), minWidth: 10 },
  { title: "BUCKET", value: (row) => row.bucket },
];

/** The findings of a cleanup, with the commands for them. Empty without findings. */
export function renderCleanup(plan: CleanupPlan, question: CleanupQuestion, environment: string): string {
  return [
    ...entryLines(plan.entries),
    ...declaredLines(plan, environment),
    ...incompleteLines(plan.incomplete, environment),
    ...orphanLines(plan.orphans, question, environment),
  ]
    .map((lines) => textOf(lines).trimEnd())
    .join("\n\n")
    .concat("\n")
    .trimStart();
}

/** The lines of each part. */
type Parts = readonly string[][];

function entryLines(entries: readonly CleanableEntry[]): Parts {
  if (entries.length === 0) return [];
  const bytes = entries.reduce((sum, { sizeBytes, regions }) => sum + sizeBytes * regions.length, 0);
  const sum = sumOf(bytes, entries);
  return [
    [
      `To be removed: ${plural(entries.length, "entry", "entries")} (${sum})`,
      ...tableLines(ENTRY_COLUMNS, entries),
    ],
  ];
}

/** Their environment's next update would recreate them. */
function declaredLines({ declared }: CleanupPlan, environment: string): Parts {
  if (declared.length === 0) return [];
  const file = settingsFileName(environment);
  const lines = declared.map(
    ({ id, item, reason }) => `  ${id}  item ${item}${reason === "expired" ? ", expired" : ""}`,
  );
  const up = commandLine("spawn environment up", environment);
  return [
    [
      `Declared in ${file}, not removed: ${plural(declared.length, "entry", "entries")}`,
      ...lines,
      `To remove one, delete its item from spawn:entries in ${file}, then run: ${up}`,
    ],
  ];
}

function incompleteLines(stacks: readonly IncompleteStack[], environment: string): Parts {
  if (stacks.length === 0) return [];
  const lines = stacks.map(({ id, state }) => `  ${id}  ${remedy(id, state, environment)}`);
  return [
    [
      `Unfinished, not removed: ${plural(stacks.length, "upload or deletion", "uploads and deletions")}`,
      ...lines,
    ],
  ];
}

function remedy(id: string, state: IncompleteStack["state"], environment: string): string {
  const remove = commandLine(`spawn stage delete ${id}`, environment);
  switch (state) {
    case "uploading":
      return "is being uploaded";
    case "interrupted":
      return `interrupted; to resume: ${commandLine(`spawn stage resume ${id}`, environment)}; to remove: ${remove}`;
    case "half-deleted":
      return `its deletion was interrupted; to complete it: ${remove}`;
    case "unknown":
      return `incomplete, from another machine; to remove: ${remove}`;
  }
}

function orphanLines(orphans: readonly Orphan[], question: CleanupQuestion, environment: string): Parts {
  const parts: string[][] = [];
  const own = orphans.filter(isRemovable);
  const shared = orphans.filter((orphan) => !isRemovable(orphan));
  if (own.length > 0) {
    const hint = question.orphans
      ? []
      : [`To remove it: ${commandLine("spawn stage cleanup --orphans", environment)}`];
    parts.push([...orphanTable(question.orphans ? "Orphans to be removed" : "Orphans", own), ...hint]);
  }
  const data = shared.filter(({ kind }) => kind === "data");
  if (data.length > 0) {
    parts.push([
      ...orphanTable("Possible orphans, not removed", data),
      `Environment ${environment} did not create the bucket, so others may use it. To remove your data: aws s3 rm --recursive s3://BUCKET/ID/`,
    ]);
  }
  const uploads = shared.filter(({ kind }) => kind === "uploads");
  if (uploads.length > 0) {
    parts.push([
      ...orphanTable("Possible orphans, not removed", uploads),
      "Their entries are complete and must stay. To abort only the uploads:",
      ...abortCommands(uploads),
    ]);
  }
  return parts;
}

function abortCommands(orphans: readonly Orphan[]): string[] {
  return orphans.flatMap(({ places }) =>
    places.flatMap(({ bucket, region, uploads }) =>
      uploads.map(
        ({ key, uploadId }) =>
          `  aws s3api abort-multipart-upload --region ${region} --bucket ${shellQuoted(bucket)} --key ${shellQuoted(key)} --upload-id ${shellQuoted(uploadId)}`,
      ),
    ),
  );
}

function orphanTable(title: string, orphans: readonly Orphan[]): string[] {
  const rows = orphans.flatMap(({ id, kind, changedAt, places }) =>
    places.map((place) => ({ id, kind, changedAt, ...place })),
  );
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  return [
    `${title}: ${plural(orphans.length, "leftover", "leftovers")} (${sumOf(bytes, orphans)})`,
    ...tableLines(ORPHAN_COLUMNS, rows),
  ];
}

const tableLines = <T>(columns: readonly Column<T>[], rows: readonly T[]): string[] =>
  renderTable(columns, rows).trimEnd().split("\n");

function sumOf(bytes: number, items: readonly { readonly costPerDay: MicroDollars }[]): string {
  const cost = addMoney(...items.map(({ costPerDay }) => costPerDay));
  return `${compactBytes(bytes)} in all regions, ${formatFineMoney(cost)} a day`;
}
