import { expect } from "chai";
import { dollars } from "../../../staging/money.ts";
import { parseSweepFile } from "../../../staging/sweep/file.ts";
import { commandNotes, type SweepOptions, sweepParameters } from "../../../staging/sweep/parameters.ts";
import { parseRows } from "../../../staging/sweep/rows.ts";
import { refusalOf } from "../refusal.ts";
import { FULL_FILE, GUIDE_FILES } from "./guide.ts";

const read = (text: string, options: SweepOptions = {}, rows?: string) =>
  sweepParameters(
    parseSweepFile(text, "runs/my sweep.yaml"),
    rows === undefined ? undefined : parseRows(rows, "p.csv"),
    options,
  );

const COMMAND = "base_command: ./run.sh $SWEEP_INDEX\n";

describe("the parameters of a sweep", () => {
  for (const { title, text, count, regions, rows } of GUIDE_FILES) {
    it(`follow the guide: ${title}`, () => {
      const found = read(text, {}, rows);
      expect(found.count).to.equal(count);
      expect(found.regions.map((one) => [one.region, one.count])).to.deep.equal(regions);
      expect(found.maxConcurrent).to.equal(count);
    });
  }

  it("have the defaults of the guide for a command alone", () => {
    expect(read(COMMAND)).to.deep.equal({
      name: "my-sweep",
      count: 1,
      rows: undefined,
      regions: [],
      distribution: "even",
      instanceTypes: ["m5.xlarge"],
      entries: [],
      command: "./run.sh $SWEEP_INDEX",
      maxConcurrent: 1,
      retries: { interrupted: 3, error: 0 },
      timeoutSeconds: undefined,
      deadlineSeconds: 86_400,
      maxCost: undefined,
      subnets: new Map(),
      diskBytes: undefined,
      results: undefined,
      spot: false,
    });
  });

  it("have the values of every key", () => {
    const found = read(FULL_FILE);
    expect(found.rows?.values).to.have.length(6);
    expect(found).to.deep.include({
      name: "full",
      count: 6,
      distribution: "proportional",
      instanceTypes: ["m5.xlarge", "m5a.xlarge"],
      entries: ["stage-abc123def456", "stage-0123"],
      maxConcurrent: 4,
      retries: { interrupted: 5, error: 1 },
      timeoutSeconds: 5_400,
      maxCost: dollars(12.5),
      subnets: new Map([["us-east-1", ["subnet-0abc1234"]]]),
    });
  });

  for (const [text, count, distribution] of [
    ["count: 7\n", 7, "even"],
    ["grid: {a: [1, 2], b: [3, 4, 5]}\n", 6, "even"],
    ["grid: {a: [1, 2]}\ncount: 2\n", 2, "even"],
    ["regions: {us-east-1: 3, us-west-2: 4}\n", 7, "proportional"],
    ["regions: {us-east-1: 1, us-west-2: 2}\ncount: 30\ndistribution: proportional\n", 30, "proportional"],
    [
      "regions: {us-east-1: 1, us-west-2: 2}\ngrid: {a: [1, 2]}\ndistribution: proportional\n",
      2,
      "proportional",
    ],
    ["regions: {us-east-1: 5, us-west-2: 5}\ncount: 6\ndistribution: cheapest\n", 6, "cheapest"],
    ["regions: [us-east-1, us-west-2]\n", 2, "even"],
    ["max_concurrent: 5\n", 1, "even"],
  ] as const) {
    it(`are ${count} indices, ${distribution}: ${text.trim().replaceAll("\n", ", ")}`, () => {
      expect(read(text + COMMAND)).to.include({ count, distribution });
    });
  }

  it("keep one default of retries where the file has the other", () => {
    expect(read(`retries: {error: 2}\n${COMMAND}`).retries).to.deep.equal({ interrupted: 3, error: 2 });
  });

  for (const [text, message] of [
    [
      "params_file: p.csv\ncount: 3\n",
      "count: 3 contradicts params_file: params_file has 2 rows (line 2, column 1)",
    ],
    [
      "params_file: p.csv\nregions: {us-east-1: 3}\n",
      "regions: the sum of the counts is 3, and params_file has 2 rows (line 2, column 1)",
    ],
    [
      "params_file: p.csv\nregions: {us-east-1: 1}\ndistribution: cheapest\n",
      "regions: the sum of the counts is 1, and params_file has 2 rows (line 2, column 1)",
    ],
  ] as const) {
    it(`are refused where rows contradict the file: ${text.trim().replaceAll("\n", ", ")}`, () => {
      expect(refusalOf(() => read(text + COMMAND, {}, "a\n1\n2\n")).message).to.equal(
        `runs/my sweep.yaml: ${message}`,
      );
    });
  }

  it("prefer options of the command line over all keys with the same meaning", () => {
    const file = `stage_ids: [stage-aaaaaaaaaaaa, stage-bbbbbbbbbbbb]\ninstance_types: [m5.xlarge, m5a.xlarge]\n${COMMAND}`;
    expect(
      read(file, { stageIds: ["cccc", "stage-dddddddddddd"], instanceType: "c5.xlarge", spot: true }),
    ).to.deep.include({
      entries: ["stage-cccc", "stage-dddddddddddd"],
      instanceTypes: ["c5.xlarge"],
      spot: true,
    });
    expect(read(file, { stageIds: [] }).entries).to.have.length(2);
    expect(read(`stage_id: stage-aaaaaaaaaaaa\n${COMMAND}`, { stageIds: ["cccc"] }).entries).to.deep.equal([
      "stage-cccc",
    ]);
  });

  for (const options of [
    { stageIds: ["x"] },
    { stageIds: ["cccc", "stage-cccc"] },
    { instanceType: "m5" },
    { instanceType: "m5.xlarge\n" },
  ]) {
    it(`are refused with the options ${JSON.stringify(options)}`, () => {
      expect(refusalOf(() => read(COMMAND, options)).exitCode).to.equal(2);
    });
  }

  it("take a name from any name of a file", () => {
    const nameOf = (file: string) => sweepParameters(parseSweepFile(COMMAND, file), undefined).name;
    expect(
      ["a.yaml", "/x/genome.v2.yml", "-", "äö.yaml", "_a b.yaml", `${"x".repeat(99)}.yaml`].map(nameOf),
    ).to.deep.equal(["a", "genome.v2", "sweep", "sweep", "a-b", "x".repeat(63)]);
  });
});

describe("the notes about a command", () => {
  it("warn that all indices run the same command, as from an unquoted heredoc", () => {
    const [note, ...others] = commandNotes(read("count: 3\nbase_command: bwa sample-.fastq\n"));
    expect(note)
      .to.contain("all 3 indices run the same command")
      .and.to.contain("quote its delimiter (<<'EOF')");
    expect(others).to.deep.equal([]);
  });

  it("are empty for one index, or if the command uses a parameter", () => {
    expect(commandNotes(read("base_command: x\n"))).to.deep.equal([]);
    for (const command of ["x $SWEEP_INDEX", `x ${"$"}{PARAM_SET}`, 'jq . "$PARAM_FILE"', 'x "$alpha"']) {
      const file = `grid: {alpha: [1, 2]}\nbase_command: |\n  ${command}\n`;
      expect(commandNotes(read(file))).to.deep.equal([]);
    }
  });

  it("warn that results without a prefix are lost", () => {
    const command = 'base_command: x > "$RESULTS_DIR/y"\n';
    expect(commandNotes(read(command)).join()).to.contain("add results: s3://BUCKET/PREFIX/");
    expect(commandNotes(read(`results: s3://b-b/\n${command}`))).to.deep.equal([]);
  });
});
