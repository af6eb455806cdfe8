import type { MicroDollars } from "../../staging/money.ts";
import { INDEX_STATES } from "../../staging/sweep/index-item.ts";
import { formatInteger } from "../../staging/units.ts";
import { textOf } from "../screen.ts";
import { hasEnded, type SweepState } from "../services/sweep/progress.ts";
import type { FailedIndex, SweepReport } from "../services/sweep/report.ts";
import { countsText } from "./sweep-progress.ts";
import { formatFineMoney, formatUtc, plural } from "./text.ts";

/** Maximum number of failures that are shown separately. */
const SHOWN = 20;

const STATES: Readonly<Record<SweepState, string>> = {
  starting: "starting",
  running: "running",
  succeeded: "succeeded",
  failed: "failed (all indices have ended, some with a failure)",
  cancelled: "cancelled",
  overdue: "overdue (the deadline has ended the workers; some indices are still open)",
};

/**
 * The output of `sweep info`.
 * @param cost the maximum cost of its instances so far; undefined if unknown
 * @param command makes a command of this environment: `spawn sweep logs ID`
 */
export function renderSweep(
  report: SweepReport,
  cost: MicroDollars | undefined,
  command: (text: string) => string,
): string {
  const { progress, indices, failures, interruptions } = report;
  const { meta, state, regions, total } = progress;
  const { sweepId: id } = meta;
  const [firstLine = "", ...moreLines] = meta.command.trimEnd().split("\n");
  return textOf([
    `Sweep ID: ${id}`,
    `Name: ${meta.name}`,
    `State: ${STATES[state]}`,
    `Created: ${formatUtc(meta.createdAt)}`,
    `Started: ${meta.startedAt === undefined ? "not yet" : formatUtc(meta.startedAt)}`,
    `Deadline: ${formatUtc(meta.deadlineAt)}`,
    ...(meta.cancelledAt === undefined ? [] : [`Cancelled: ${formatUtc(meta.cancelledAt)}`]),
    ...(meta.generation === 0 ? [] : [`Retries: ${meta.generation}`]),
    "",
    `Indices: ${formatInteger(meta.count)} (${countsText(total)})`,
    ...INDEX_STATES.filter((name) => name !== "done" && indices[name].length > 0).map(
      (name) => `  ${name}: ${rangesText(indices[name])}`,
    ),
    ...(interruptions === 0 ? [] : [`  ${plural(interruptions, "attempt")} ended with the instance`]),
    "",
    "Regions:",
    ...regions.map(
      (region) =>
        `  ${region.region}: ${rangeText(region.start, region.end - 1)}, ${plural(region.workers, "worker")}: ${countsText(region)}`,
    ),
    "",
    "Data:",
    ...(meta.entries.length === 0 ? ["  none"] : meta.entries.map((entry) => `  ${entry}`)),
    "",
    "Command:",
    ...[firstLine, ...moreLines].map((line) => `  ${line}`),
    ...(meta.results === undefined ? [] : ["", `Results: ${meta.results}`]),
    "",
    ...failureLines(failures, command(`spawn sweep info ${id} --format json`)),
    ...(cost === undefined ? [] : [`Cost: at most ${formatFineMoney(cost)} so far, at list prices`]),
    `Logs: ${command(`spawn sweep logs ${id}`)}`,
    ...remedies(report, command),
    "",
  ]);
}

/** @param all the command that shows all of them */
export function failureLines(failures: readonly FailedIndex[], all: string): string[] {
  if (failures.length === 0) return [];
  const more = failures.length - SHOWN;
  return [
    "Failures:",
    ...failures.slice(0, SHOWN).flatMap(({ index, region, attempt, exitCode, error }) => {
      const code = exitCode === undefined ? "" : `, exit code ${exitCode}`;
      const [reason, ...output] = error.trimEnd().split("\n");
      return [
        `  ${index} (${region}, attempt ${attempt}${code}): ${reason || "unknown reason"}`,
        ...output.map((line) => `    ${line}`),
      ];
    }),
    ...(more > 0 ? [`  and ${formatInteger(more)} more: ${all}`] : []),
    "",
  ];
}

/** The next commands. */
function remedies({ progress }: SweepReport, command: (text: string) => string): string[] {
  const { meta, total } = progress;
  if (!hasEnded(progress)) return [`Cancel: ${command(`spawn sweep cancel ${meta.sweepId}`)}`];
  if (progress.state === "succeeded") return [];
  const action = total.pending + total.running > 0 ? "Continue with open indices" : "Retry failed indices";
  return [`${action}: ${command(`spawn sweep retry ${meta.sweepId}`)}`];
}

const rangeText = (from: number, to: number): string => (from === to ? `${from}` : `${from}-${to}`);

/** `0-3, 7, 9-12`: numbers in their order. */
export function rangesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const shown = ranges.slice(0, SHOWN).map(([from, to]) => rangeText(from, to));
  return [...shown, ...(ranges.length > SHOWN ? ["…"] : [])].join(", ");
}
