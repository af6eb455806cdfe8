import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** Names the folder in which the mocha runs of one tier claim test files; unset: a run has all its files to itself. */
export const CLAIMS_VARIABLE = "SPAWN_TEST_CLAIMS";

/**
 * Divides test files among concurrent mocha runs (lanes) that have all loaded the same files: a lane claims the next file when it has finished
 * the last one. So all lanes end at about the same time, however long a file takes. Call it before the run starts.
 * @param claims an existing folder, empty at first and shared by the lanes
 */
export function shareFiles(runner: Mocha.Runner, claims: string): void {
  const root = runner.suite;
  const [outside] = root.tests;
  if (outside !== undefined)
    throw new Error(
      `${outside.file}: every lane would run ${outside.title}, because it is outside of describe`,
    );
  const waiting: Mocha.Suite[] = [];
  let index = 0;
  /** Moves the suites of the next unclaimed file into the run, which reads the list of suites as it goes. */
  const claimNext = (): void => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      const { file } = first;
      const count = waiting.findIndex((suite) => suite.file !== file);
      const suites = waiting.splice(0, count === -1 ? waiting.length : count);
      // The runner skips a suite without matching tests, and no event tells its end.
      const matching = suites.filter((suite) => runner.grepTotal(suite) > 0);
      if (matching.length === 0 || !claim(join(claims, String(index++)))) continue;
      root.suites.push(...matching);
      return;
    }
  };
  runner.on("suite end", (suite) => {
    if (suite === root.suites.at(-1)) claimNext();
  });
  // The runner gets the pattern of --grep only after its reporter.
  runner.once("start", () => {
    waiting.push(...root.suites.splice(0));
    claimNext();
  });
}

/** @returns whether no other lane has claimed the file */
function claim(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}
