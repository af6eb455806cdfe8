import { execFileSync } from "node:child_process";
import { expect } from "chai";
import { parseSweepFile } from "../../../staging/sweep/file.ts";
import { gridRows } from "../../../staging/sweep/grid.ts";
import { SweepFileError } from "../../../staging/sweep/problems.ts";
import { refusalOf } from "../refusal.ts";
import { BAD_FILES } from "./bad-files.ts";
import { FULL_FILE, GUIDE_FILES } from "./guide.ts";

const FILE = "sweep.yaml";

function refused(text: string): SweepFileError {
  const error = refusalOf(() => parseSweepFile(text, FILE));
  if (error instanceof SweepFileError) return error;
  throw error;
}

const problemsOf = (error: SweepFileError): string[] =>
  error.problems.map(({ place, message }) => {
    const at = place === undefined ? "-" : `${place.line}:${place.column}`;
    return `${at} ${message.replace(/; expected one of .*/, "")}`;
  });

describe("a parameter file", () => {
  for (const { title, text } of GUIDE_FILES) {
    it(`is read: ${title}`, () => {
      expect(parseSweepFile(text, FILE).values.base_command).to.match(/^#!\/bin\/bash\n/);
    });
  }

  it("can have every key", () => {
    expect(parseSweepFile(FULL_FILE, FILE).values).to.deep.equal({
      sweep_name: "full",
      count: 6,
      regions: [
        { region: "us-east-1", count: 4 },
        { region: "us-west-2", count: 2 },
      ],
      distribution: "proportional",
      instance_types: ["m5.xlarge", "m5a.xlarge"],
      stage_ids: ["stage-abc123def456", "stage-0123"],
      grid: [
        { name: "alpha", values: ["0123", "1.10", "x y"] },
        { name: "mode", values: ["yes", "2026-11-01"] },
      ],
      base_command: "./run.sh",
      max_concurrent: 4,
      retries: { interrupted: 5, error: 1 },
      timeout: 5_400,
      deadline: 172_800,
      max_cost: "12.50",
      subnets: [["us-east-1", ["subnet-0abc1234"]]],
      disk: 200 * 1024 ** 3,
      results: "s3://bucket/results/",
    });
  });

  for (const { title, text, problems, fix } of BAD_FILES) {
    it(`is refused with line and column: ${title}`, () => {
      const error = refused(text);
      expect(problemsOf(error)).to.deep.equal(problems);
      if (fix !== undefined) expect(error.fix).to.equal(fix);
      expect(error.fix ?? "", "a file has keys, not flags").to.not.match(/--[a-z]/);
      expect(error.exitCode).to.equal(2);
    });
  }

  it("is refused with all that is wrong, in the order of the lines", () => {
    const { message } = refused("count: ten\ndistribution: evn\nsweep: a\n");
    expect(message.split("\n")).to.deep.equal([
      "sweep.yaml has 4 errors:",
      '  count: expected a whole number from 1 to 100000, got "ten" (line 1, column 8)',
      '  distribution: expected even, proportional or cheapest, got "evn" (line 2, column 15). Did you mean even?',
      message.split("\n")[3],
      "  the key base_command is missing",
    ]);
    expect(message).to.contain('  unknown key "sweep"; expected one of sweep_name, count, regions,');
  });

  it("is refused with one problem on one line, beside its fix", () => {
    const { message, fix } = refused("distribution: evn\nbase_command: x\n");
    expect(message).to.equal(
      'sweep.yaml: distribution: expected even, proportional or cheapest, got "evn" (line 1, column 15)',
    );
    expect(fix).to.equal("Did you mean even?");
  });

  it("is refused with the first 20 of many problems", () => {
    const { message } = refused(Array.from({ length: 30 }, (_, at) => `x${at}z: 1`).join("\n"));
    expect(message.split("\n")).to.have.length(22);
    expect(message).to.match(/has 31 errors:[\s\S]*\n {2}and 11 more$/);
  });

  it("is refused in good time with very many problems, or a huge one", () => {
    const keys = Array.from({ length: 60_000 }, (_, at) => `key${at}: 1`);
    expect(refused(keys.join("\n")).message).to.contain("sweep.yaml has 60001 errors");
    expect(refused(`? ${"k".repeat(900_000)}\n: 1`).message.length).to.be.lessThan(1_000);
    expect(refused(`count: ${"1".repeat(900_000)}`).message.length).to.be.lessThan(1_000);
  });

  it("is refused when it is no plain YAML", () => {
    expect(problemsOf(refused("a: &x 1\nb: *x\n"))).to.deep.equal(["2:4 the alias *x is not supported"]);
  });

  it("keeps the interpreter of a script, also from a file with CRLF", () => {
    const text = "base_command: |\r\n  #!/usr/bin/env python3\r\n  print(1)\r\n";
    expect(parseSweepFile(text, FILE).values.base_command).to.equal("#!/usr/bin/env python3\nprint(1)\n");
  });

  it("can be written by a heredoc with ids in variables", () => {
    const script = [
      "genome_id=stage-0123456789ab; train_id=stage-ba9876543210",
      "cat <<EOF\nstage_ids:\n  - $genome_id\n  - $train_id\nbase_command: |\n  #!/bin/bash\n  ./analyze.sh\nEOF",
    ].join("\n");
    const text = execFileSync("sh", ["-c", script], { encoding: "utf8" });
    expect(parseSweepFile(text, FILE).values.stage_ids).to.deep.equal([
      "stage-0123456789ab",
      "stage-ba9876543210",
    ]);
  });
});

describe("a grid", () => {
  const gridOf = (yaml: string) => parseSweepFile(`grid: ${yaml}\nbase_command: x`, FILE).values.grid ?? [];

  it("gives every combination; the last parameter changes fastest", () => {
    expect(gridRows(gridOf("{a: [1, 2], b: [x, y, z]}"))).to.deep.equal({
      columns: ["a", "b"],
      values: [
        ["1", "x"],
        ["1", "y"],
        ["1", "z"],
        ["2", "x"],
        ["2", "y"],
        ["2", "z"],
      ],
    });
  });

  it("keeps every value as it is written", () => {
    const written = [
      "0123",
      "7e10",
      "1.10",
      "yes",
      "NULL",
      "~",
      "0x1F",
      "1_000",
      "12:30",
      "2026-11-01",
      ".inf",
      "True",
      "=",
      "-",
    ];
    const [axis] = gridOf(`{y: [${written.slice(0, -1).join(", ")}, "-", '', "a\\nb", 'it''s', "\\u00e4"]}`);
    expect(axis).to.deep.equal({ name: "y", values: [...written, "", "a\nb", "it's", "ä"] });
  });

  it("keeps the lines of a block", () => {
    expect(gridOf("\n  code:\n  - |\n    a\n    b\n")[0]?.values).to.deep.equal(["a\nb\n"]);
  });

  it("refuses an item without a value", () => {
    const error = refused("grid:\n  a:\n  - 1\n  -\nbase_command: x\n");
    expect(problemsOf(error)).to.deep.equal(["4:4 grid.a[1]: expected a value"]);
    expect(error.fix).to.equal('Write an empty value as "".');
  });
});
