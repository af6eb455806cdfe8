import { expect } from "chai";
import { pointsIn, readPoints } from "../../scripts/aws-acceptance/points.ts";
import { renderReport, reportOf } from "../../scripts/aws-acceptance/report.ts";
import { STEPS } from "../../scripts/aws-acceptance/steps/index.ts";

describe("the AWS acceptance run", () => {
  it("has exactly one step for each open question of docs/design/not-tried-on-aws.md", async () => {
    const points = (await readPoints()).map(({ id }) => id);
    const answered = STEPS.flatMap((step) => step.points);
    const without = points.filter((id) => !answered.includes(id));
    const unknown = answered.filter((id) => !points.includes(id));
    const twice = answered.filter((id, index) => answered.indexOf(id) !== index);
    expect(
      { without, unknown, twice },
      'Each "- **id**: …" in "Not tried on AWS" of docs/design/not-tried-on-aws.md needs the id in `points` of one step in scripts/aws-acceptance/steps/ (by-hand.ts, if only a person can see it), and each id of a step a point there.',
    ).to.deep.equal({ without: [], unknown: [], twice: [] });
  });

  it("refuses a question without an ID, and names the fix", () => {
    expect(() => pointsIn("## Not tried on AWS\n\n- something new,\n")).to.throw(
      /has no id[\s\S]*add a step/,
    );
    expect(
      pointsIn(
        "## Not tried on AWS\n\n- **one**: some\n  text,\n- **two**: other.\n\nMore:\n\n## Next\n\n- no",
      ),
    ).to.deep.equal([
      { id: "one", text: "some text" },
      { id: "two", text: "other" },
    ]);
  });

  const settings = (cloud: "local" | "aws") => ({
    ...{ cloud, project: "/p", folder: "/f", regions: ["us-east-1", "us-west-2", "eu-west-1"] as const },
    ...{ secondProfile: undefined, reader: undefined, megabytes: 1, rows: 1 },
  });
  const answer = (point: string, verdict: "as expected" | "different" | "open") => ({
    ...{ point, verdict, command: "spawn", expected: "this", seen: "that", at: "2026-01-01T00:00:00Z" },
  });
  const answers = {
    a: answer("a", "as expected"),
    b: answer("b", "different"),
    c: answer("c", "open"),
    d: answer("d", "as expected"),
  };
  const points = ["a", "b", "c", "d", "e"].map((id) => ({ id, text: `point ${id}` }));
  const failures = new Map([["a step", { points: ["d"], text: "it broke" }]]);
  const verdicts = (cloud: "local" | "aws") =>
    reportOf(
      { settings: settings(cloud), journal: { prefix: "p", startedAt: "now", answers } },
      points,
      failures,
    ).answers.map(({ verdict }) => verdict);

  it("reports the observation for each question, and never that the local cloud answered one", () => {
    expect(verdicts("aws")).to.deep.equal(["as expected", "different", "open", "failed", "not asked"]);
    const here = "not answerable here";
    expect(verdicts("local")).to.deep.equal([here, here, here, "failed", "not asked"]);
  });

  it("prints the command, the expected and observed results, and the failure", () => {
    const run = { settings: settings("aws"), journal: { prefix: "p", startedAt: "now", answers } };
    const text = renderReport(reportOf(run, points, failures));
    expect(text).to.contain(
      "## b: different\n\npoint b.\n\n- Tried: spawn\n- Expected: this\n- Seen: that\n",
    );
    expect(text).to.contain("- a step: it broke");
  });
});
