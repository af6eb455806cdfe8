import type { Run, Seen } from "./run.ts";

/** A step of the acceptance, which answers one or more points. */
export interface Step {
  readonly name: string;
  readonly points: readonly string[];
  /** Maximum cost in US dollars, at the list prices of us-east-1. */
  readonly usd: number;
  /** Approximate duration on AWS. */
  readonly minutes: number;
  readonly secondAccount?: true;
  /** A later run tests open points again. */
  readonly run: (run: Run) => Promise<readonly Seen[]>;
}

/** Whether the observation matches the expectation. */
export const compared = (
  point: string,
  command: string,
  expected: string,
  seen: string,
  isExpected: boolean,
): Seen => ({ point, command, expected, seen, verdict: isExpected ? "as expected" : "different" });
