import { InputError } from "../errors.ts";
import type { Place } from "../yaml/bounded.ts";

/** One problem of a file, and its position. */
export interface Problem {
  /** Undefined for a problem of the whole file, such as a missing key. */
  readonly place: Place | undefined;
  readonly message: string;
  readonly fix?: string;
}

/** Further problems are counted only. */
export const MAX_SHOWN = 20;

/** A parameter file, or a file of rows, with all its problems. */
export class SweepFileError extends InputError {
  readonly problems: readonly Problem[];
  override readonly lines: readonly [string, ...string[]];

  constructor(file: string, problems: readonly Problem[]) {
    const [first, ...others] = problems;
    const isAlone = others.length === 0 && first !== undefined;
    const lines: [string, ...string[]] = isAlone ? [`${file}: ${described(first)}`] : listed(file, problems);
    super(lines.join("\n"), isAlone && first.fix !== undefined ? { fix: first.fix } : {});
    this.problems = problems;
    this.lines = lines;
  }
}

function listed(file: string, problems: readonly Problem[]): [string, ...string[]] {
  const shown = problems.slice(0, MAX_SHOWN).map((problem) => {
    const fix = problem.fix === undefined ? "" : `. ${problem.fix}`;
    return `  ${described(problem)}${fix}`;
  });
  const more = problems.length - shown.length;
  return [`${file} has ${problems.length} errors:`, ...shown, ...(more > 0 ? [`  and ${more} more`] : [])];
}

const described = ({ place, message }: Problem): string =>
  place === undefined ? message : `${message} (line ${place.line}, column ${place.column})`;
