import { appendFileSync } from "node:fs";
import mocha from "mocha";

/** The variable with the file to which every mocha run appends its counts. */
export const COUNTS_VARIABLE = "SPAWN_TEST_COUNTS";

export interface Counts {
  readonly passes: number;
  readonly failures: number;
}

/** Mocha's usual report, plus the counts for the summary over all tiers. */
export default class CountingReporter extends mocha.reporters.Spec {
  constructor(runner: mocha.Runner, options: mocha.MochaOptions) {
    super(runner, options);
    const file = process.env[COUNTS_VARIABLE];
    runner.once("end", () => {
      const { passes, failures } = this.stats;
      if (file !== undefined)
        appendFileSync(file, `${JSON.stringify({ passes, failures } satisfies Counts)}\n`);
    });
  }
}
