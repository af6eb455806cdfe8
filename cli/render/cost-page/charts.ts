import { addCharges } from "../../../staging/bill.ts";
import { addMoney, type MicroDollars, toDollars } from "../../../staging/money.ts";
import { printable } from "../../../staging/printable.ts";
import type { Cost, CostReport, DayCost } from "../../services/cost/result.ts";
import { cutColumns, displayWidth } from "../text.ts";

/** One chart for the page's script. Values are US dollars. */
export interface Chart {
  readonly id: string;
  /** The direction of the bars. */
  readonly bars: "up" | "right";
  readonly labels: readonly string[];
  /** Titles of the tooltips, if they are longer than the labels. */
  readonly titles?: readonly string[];
  readonly series: readonly {
    readonly name: string;
    /** The name of its colour in the style. */
    readonly colour: string;
    readonly values: readonly number[];
  }[];
}

/** Costs per day, week or month. */
interface TimeCost extends Cost {
  readonly label: string;
}

/** The maximum number of distinguishable bars. */
const MAX_BARS = 120;
export const TOP_ENTRIES = 10;
/** Longer names are cut in charts; the tables have them in full. */
const LABEL_COLUMNS = 18;

export const dayChart = (times: readonly TimeCost[]): Chart =>
  stacked(
    "days",
    "up",
    times,
    times.map(({ label }) => label),
  );

export function entryChart({ entries }: CostReport): Chart {
  const top = entries.slice(0, TOP_ENTRIES);
  return {
    ...stacked(
      "entries",
      "right",
      top,
      top.map(({ stagingId }) => stagingId.replace(/^stage-/, "")),
    ),
    titles: top.map(({ stagingId, filename }) => `${stagingId} · ${printable(filename)}`),
  };
}

export const regionChart = ({ regions }: CostReport): Chart =>
  stacked(
    "regions",
    "right",
    regions,
    regions.map(({ region }) => region),
  );

export function sweepChart({ sweeps }: CostReport): Chart {
  const top = sweeps.slice(0, TOP_ENTRIES);
  const names = top.map(({ sweepId }) => sweepId ?? "no sweep");
  return { ...stacked("sweeps", "right", top, names.map(shorten)), titles: names.map(printable) };
}

/** The cost of direct transfer, minus the cost of staging. */
export function savingsChart({ compared, ...cost }: CostReport): Chart {
  const bar = (name: string, colour: string, direct: MicroDollars | 0, staged: MicroDollars | 0) => ({
    name,
    colour,
    values: [direct, staged].map((amount) => toDollars(amount as MicroDollars)),
  });
  return {
    id: "savings",
    bars: "right",
    labels: ["Direct", "Staged"],
    titles: ["Direct transfer, without staging", "With staging"],
    series: [
      bar("Direct transfer", "direct", compared.direct, 0),
      bar("Replication", "replication", 0, cost.replication),
      bar("Storage", "storage", 0, allStorage(cost)),
      ...(cost.requests === 0 ? [] : [bar("Requests", "requests", 0, cost.requests)]),
    ],
  };
}

function stacked(id: string, bars: Chart["bars"], costs: readonly Cost[], labels: readonly string[]): Chart {
  return {
    id,
    bars,
    labels,
    series: [
      {
        name: "Replication",
        colour: "replication",
        values: costs.map(({ replication }) => toDollars(replication)),
      },
      { name: "Storage", colour: "storage", values: costs.map((cost) => toDollars(allStorage(cost))) },
      ...(costs.every(({ requests }) => requests === 0)
        ? []
        : [
            {
              name: "Requests",
              colour: "requests",
              values: costs.map(({ requests }) => toDollars(requests)),
            },
          ]),
    ],
  };
}

/** Including expired data. */
export const allStorage = ({ storage, noncurrent }: Cost): MicroDollars => addMoney(storage, noncurrent);

const shorten = (name: string): string => {
  const text = printable(name);
  return displayWidth(text) <= LABEL_COLUMNS ? text : `${cutColumns(text, LABEL_COLUMNS - 1)}…`;
};

/** Groups the days of a long period, so that a chart has no more bars than fit. */
export function timesOf(days: readonly DayCost[]): {
  readonly unit: "day" | "week" | "month";
  readonly times: readonly TimeCost[];
} {
  if (days.length <= MAX_BARS)
    return { unit: "day", times: days.map((day) => ({ ...day, label: day.date })) };
  const weeks = days.length <= MAX_BARS * 7;
  const times = new Map<string, TimeCost>();
  for (const { date, ...cost } of days) {
    const label = weeks ? mondayOf(date) : date.slice(0, 7);
    const sum = times.get(label);
    times.set(label, { label, ...(sum === undefined ? cost : addCharges(sum, cost)) });
  }
  return { unit: weeks ? "week" : "month", times: [...times.values()] };
}

/** The Monday of the week of a date. */
function mondayOf(date: string): string {
  const day = new Date(`${date}T00:00:00Z`);
  day.setUTCDate(day.getUTCDate() - ((day.getUTCDay() + 6) % 7));
  return day.toISOString().slice(0, 10);
}
