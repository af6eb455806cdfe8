import { expect } from "chai";
import { failureLines } from "../../../cli/render/sweep-details.ts";
import type { FailedIndex } from "../../../cli/services/sweep/report.ts";
import { parseRegion } from "../../../staging/regions.ts";

const failed = (index: number, error: string, exitCode?: number): FailedIndex => ({
  ...{ index, error, exitCode, region: parseRegion("us-east-1"), attempt: 1 },
  endedAt: new Date("2026-11-29T13:20:23Z"),
});

describe("the failures of a sweep", () => {
  it("show a command's output on separate lines", () => {
    const error =
      "the command failed with exit code 127. The last lines of its output:\nreads 3\n./run: not found\n";
    expect(failureLines([failed(4, error, 127), failed(7, "")], "more")).to.deep.equal([
      "Failures:",
      "  4 (us-east-1, attempt 1, exit code 127): the command failed with exit code 127. The last lines of its output:",
      "    reads 3",
      "    ./run: not found",
      "  7 (us-east-1, attempt 1): unknown reason",
      "",
    ]);
  });

  it("name the command that shows the others", () => {
    const many = Array.from({ length: 25 }, (_, index) => failed(index, "x"));
    const lines = failureLines(many, "spawn sweep info ID --format json");
    expect(lines.slice(-3)).to.deep.equal([
      "  19 (us-east-1, attempt 1): x",
      "  and 5 more: spawn sweep info ID --format json",
      "",
    ]);
  });
});
