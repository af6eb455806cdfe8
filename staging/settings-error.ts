import { InputError } from "./errors.ts";
import { omitUndefined } from "./omit.ts";
import type { Place } from "./yaml/bounded.ts";

/** The path of a value below `spawn:`: `["entries", 0, "ttl"]`. */
export type SettingPath = readonly (string | number)[];

/** One problem of an environment's settings. */
export interface SettingProblem {
  readonly path: SettingPath;
  /** A sentence that begins with the key: `spawn:regions is missing`. */
  readonly text: string;
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
  /** Whether the last step of the path is an unknown key. */
  readonly isUnknownKey?: boolean | undefined;
}

/** Position of a problem in the file; undefined if unknown. */
export type PlaceOf = (problem: SettingProblem) => Place | undefined;

/** Further problems are counted only. */
const MAX_SHOWN = 20;

/** All problems of an environment's file. */
export class SettingsError extends InputError {
  readonly problems: readonly SettingProblem[];
  override readonly lines: readonly [string, ...string[]];

  /** @param placeOf finds the line and the column of each problem. @default unknown */
  constructor(file: string, problems: readonly SettingProblem[], placeOf: PlaceOf = () => undefined) {
    const placed = problems
      .map((problem) => ({ problem, place: placeOf(problem) }))
      .sort((a, b) => compare(a.place, b.place));
    const shown = placed.map(({ problem, place }) => ({
      problem,
      text: `${located(file, place)}: ${problem.text}`,
    }));
    const [first, ...others] = shown;
    const isAlone = first !== undefined && others.length === 0;
    const lines: [string, ...string[]] = isAlone ? [first.text] : listed(file, shown);
    super(lines.join("\n"), isAlone ? omitUndefined({ why: first.problem.why, fix: first.problem.fix }) : {});
    this.problems = problems;
    this.lines = lines;
  }
}

function listed(
  file: string,
  all: readonly { readonly problem: SettingProblem; readonly text: string }[],
): [string, ...string[]] {
  const shown = all
    .slice(0, MAX_SHOWN)
    .map(({ problem: { fix }, text }) => `  ${text}${fix ? `. Fix: ${fix}` : ""}`);
  const more = all.length - shown.length;
  return [`${file} has ${all.length} errors:`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}

/** `Pulumi.dev.yaml:41:13`, which editors and terminals open at that position. */
export const located = (file: string, place: Place | undefined): string =>
  place === undefined ? file : `${file}:${place.line}:${place.column}`;

function compare(a: Place | undefined, b: Place | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.line - b.line || a.column - b.column;
}
