import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import mocha from "mocha";
import { packageRoot } from "../package-root.ts";
import { CLAIMS_VARIABLE, shareFiles } from "./lanes.ts";

/** The variable with the file to which every mocha run appends its counts. */
export const COUNTS_VARIABLE = "SPAWN_TEST_COUNTS";

/** The variable with the file to which every mocha run appends the duration of each test and hook, as JSON lines. */
export const TIMES_VARIABLE = "SPAWN_TEST_TIMES";

export interface Counts {
  readonly passes: number;
  readonly failures: number;
}

/** The duration of one test or hook. */
export interface Time {
  /** Empty for hooks outside of suites. */
  readonly file: string;
  readonly title: string;
  readonly kind: "test" | "hook";
  readonly seconds: number;
}

/**
 * Mocha's usual report, plus the counts for the summary over all tiers, and the durations if they are wanted. A reporter is the only
 * extension that gets the runner before it starts, so it also connects the run with its lanes.
 */
export default class CountingReporter extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options: mocha.MochaOptions) {
    super(runner, options);
    const claims = process.env[CLAIMS_VARIABLE];
    if (claims !== undefined) shareFiles(runner, claims);
    const file = process.env[COUNTS_VARIABLE];
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      if (file !== undefined)
        appendFileSync(file, `${JSON.stringify({ passes, failures } satisfies Counts)}\n`);
    });
    const times = process.env[TIMES_VARIABLE];
    if (times !== undefined) {
      runner.on("test end", (test) => appendTime(times, "test", test));
      runner.on("hook end", (hook) => appendTime(times, "hook", hook));
    }
  }
}

function appendTime(times: string, kind: Time["kind"], done: mocha.Runnable): void {
  const file = done.file === undefined ? "" : relative(packageRoot(), done.file);
  const seconds = (done.duration ?? 0) / 1000;
  appendFileSync(
    times,
    `${JSON.stringify({ file, title: done.fullTitle(), kind, seconds } satisfies Time)}\n`,
  );
}
