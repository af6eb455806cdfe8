import type { Run, Seen } from "./run.ts";

/** A step of the acceptance, which answers one or more points. */
export interface Step {
  readonly name: string;
  readonly points: readonly string[];
  /** What it costs at most, in US dollars, at the list prices of us-east-1. */
  readonly usd: number;
  /** How long it takes on AWS, about. */
  readonly minutes: number;
  readonly secondAccount?: true;
  /** A later run asks again for points that were left open. */
  readonly run: (run: Run) => Promise<readonly Seen[]>;
}

/** Whether what was seen is what was expected. */
export const compared = (
  point: string,
  command: string,
  expected: string,
  seen: string,
  isExpected: boolean,
): Seen => ({ point, command, expected, seen, verdict: isExpected ? "as expected" : "different" });
