import { durationText } from "../../staging/duration.ts";
import { formatMoney, type MicroDollars } from "../../staging/money.ts";
import type { SweepParameters } from "../../staging/sweep/parameters.ts";
import type { HourRange, RegionPlan, SweepPlan } from "../../staging/sweep/plan.ts";
import type { SweepDataset } from "../../staging/sweep/spec.ts";
import { formatBytes, formatInteger } from "../../staging/units.ts";
import { type Column, renderTable } from "./table.ts";
import { formatShare, plural } from "./text.ts";

/** A completed step of an update, as the engine reports it. */
interface Step {
  readonly op: string;
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** A line for a completed step of the launch; undefined for details. */
export function stepText({ op, type, inputs }: Step): string | undefined {
  if (op !== "create") return undefined;
  switch (type) {
    case "aws:iam/role:Role":
      return "Created the role of the workers";
    case "aws:autoscaling/group:Group":
      return `Created the group of workers in ${String(inputs["region"])}`;
    default:
      return undefined;
  }
}

/** The plan of a sweep before its start. */
export interface ShownLaunch {
  readonly parameters: Pick<
    SweepParameters,
    "name" | "count" | "rows" | "spot" | "results" | "maxConcurrent"
  >;
  readonly plan: SweepPlan;
  readonly datasets: readonly SweepDataset[];
}

/** The plan of a sweep as text. */
export function launchPlanLines({ parameters, plan, datasets }: ShownLaunch): string[] {
  const { name, count, rows, spot, results } = parameters;
  const columns = rows === undefined ? "" : `, each with its row of ${plural(rows.columns.length, "column")}`;
  return [
    `Sweep: ${name}`,
    `Indices: ${formatInteger(count)}${columns}`,
    ...datasets.map(dataLine),
    `Workers: ${workersText(plan, count)}, ${spot ? "spot" : "on demand"}, ${plan.instanceTypes.join(" or ")} (${plan.architecture}), ${plan.diskGib} GB of disk`,
    ...(results === undefined ? [] : [`Results: ${results}`]),
    "",
    ...renderTable(COLUMNS, plan.regions).trimEnd().split("\n"),
    "",
    `Deadline: ${durationText(plan.deadlineSeconds)} after the start, when all workers end${plan.shortened ? " (limited by max_cost)" : ""}`,
    ...costLines(plan, spot),
    ...savingsLines(plan),
    "",
  ];
}

const workersText = ({ workers }: SweepPlan, count: number): string =>
  workers === count
    ? `${formatInteger(workers)}, one per index`
    : `${formatInteger(workers)} concurrently, sharing the indices`;

function dataLine({ stagingId, kind, filename, sizeBytes, destination, account }: SweepDataset): string {
  const owner = account === undefined ? "" : `, of account ${account}`;
  const name = kind === "directory" ? `${filename}/` : filename;
  return `Data: ${stagingId}, ${name}, ${formatBytes(sizeBytes)}${owner}, at ${destination}`;
}

const COLUMNS: readonly Column<RegionPlan>[] = [
  { title: "REGION", value: ({ region }) => region },
  {
    title: "INDICES",
    value: ({ start, end }) =>
      end - start === 1 ? `1 (${start})` : `${formatInteger(end - start)} (${start} to ${end - 1})`,
  },
  { title: "WORKERS", value: ({ workers }) => formatInteger(workers) },
  { title: "PRICE PER WORKER", value: ({ hour }) => `${rangeText(hour)} per hour` },
];

function costLines({ hour, spotHour, maxCost, deadlineSeconds }: SweepPlan, spot: boolean): string[] {
  const until = durationText(deadlineSeconds);
  const ofSpot = spot ? "; a spot instance never costs more" : "";
  return [
    `Cost: ${rangeText(hour)} per hour with all workers, at most ${formatMoney(maxCost)} until the deadline of ${until} (AWS's list prices${ofSpot}; without volumes and requests)`,
    ...(spotHour === undefined ? [] : [`At current spot prices: ${rangeText(spotHour)} per hour`]),
  ];
}

function savingsLines({ savings: { direct, staged, saved, share } }: SweepPlan): string[] {
  if (share === undefined) return [];
  const verdict = saved > 0 ? `${formatShare(share)} savings` : "no savings";
  return [
    `Estimated savings: ${formatMoney(direct)} for direct downloads → ${formatMoney(staged)} for staging (${verdict})`,
  ];
}

const rangeText = ({ least, most }: HourRange): string =>
  least === most ? price(most) : `${price(least)} to ${price(most)}`;

/** Cents are too coarse for the price of a small instance. */
const price = (amount: MicroDollars): string =>
  amount > 0 && amount < 1_000_000 ? `$${(amount / 1_000_000).toFixed(3)}` : formatMoney(amount);
