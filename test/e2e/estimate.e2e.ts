import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { parse } from "yaml";
import { parseCsv } from "../cli/csv.ts";
import { succeed } from "./support/process.ts";
import { processesOf } from "./support/processes.ts";
import { World } from "./support/world.ts";

/** The guide's example. */
const GUIDE = ["--data-size-gb", "100", "--instances", "10", "--regions", "us-east-1,us-west-2"];

describe("stage estimate", () => {
  /** A machine without any setup: an estimate needs no cloud, no engine and no network. */
  let world: World;
  const estimate = (...args: string[]) => world.spawn("stage", "estimate", ...args);
  before(async () => {
    world = await World.make();
  });
  after(() => world.remove());

  it("prints the guide's estimate and that of AWS's list prices, without starting a process", async () => {
    const { stdout, stderr } = await succeed(estimate(...GUIDE));
    expect(stderr).to.equal("");
    expect(stdout).to.contain("  Cost: 1,000 GB × $0.09/GB = $90.00\n");
    expect(stdout).to.contain("Savings: $86.93 (96.6% reduction)\n\nBreak-even: 1 instance per region\n");
    expect(stdout).to.contain("Recommendation: ✅ Use staging (highly cost-effective)\n");
    expect(stdout).to.match(
      /\nWith AWS's list prices: savings of \$16\.51 \(82\.5%\), break-even at 2 instances per region\. .*--prices aws\n$/,
    );
    // No colours, no cursor movements.
    expect(stdout).to.not.contain("\u001b");
    expect(await processesOf(world.home)).to.deep.equal([]);
    expect(await world.traces()).to.deep.equal([]);
  });

  it("responds quickly", async () => {
    const started = performance.now();
    await succeed(estimate(...GUIDE));
    // 0.3 s on an idle machine; the limit only ends hangs, because test machines may be busy.
    expect(performance.now() - started).to.be.lessThan(60_000);
  });

  it("calculates with AWS's list prices", async () => {
    const { stdout } = await succeed(estimate(...GUIDE, "--prices", "aws"));
    expect(stdout).to.contain("Savings: $16.51 (82.5% reduction)\n\nBreak-even: 2 instances per region\n");
    expect(stdout).to.match(
      /\nAWS's list prices: storage as of \d{4}-\d\d-\d\d, transfers as of .*, requests as of .*\nNot counted:\n( {2}- .+\n)+$/,
    );
  });

  it("prints the same figures as JSON, YAML, CSV and in the envelope", async () => {
    const as = async (...flags: string[]) => (await succeed(estimate(...GUIDE, ...flags))).stdout;
    const [json, yaml, csv, envelope] = await Promise.all([
      as("--format", "json"),
      as("--format", "yaml"),
      as("--format", "csv"),
      as("--json"),
    ]);
    const figures = JSON.parse(json) as Record<string, unknown>;
    expect(figures).to.include({ direct_cost: 90, staging_cost: 3.073333, break_even_instances: 1 });
    expect(parse(yaml)).to.deep.equal(figures);
    expect(JSON.parse(envelope)).to.deep.equal({ status: 0, result: figures, warnings: [] });
    const [head = [], row = []] = parseCsv(csv);
    expect(head).to.deep.equal(Object.keys(figures));
    expect(row).to.deep.equal(Object.values(figures).map(String));
  });

  it("measures a file or a directory", async () => {
    await mkdir(join(world.folder, "tree", "below"), { recursive: true });
    await Promise.all([
      writeFile(join(world.folder, "tree", "a.dat"), Buffer.alloc(3_000)),
      writeFile(join(world.folder, "tree", "below", "b.dat"), Buffer.alloc(2_000)),
      writeFile(join(world.folder, "empty.dat"), ""),
    ]);
    const tree = await succeed(estimate("tree"));
    expect(tree.stdout).to.match(/^Dataset: 4\.9 KB \(tree\/, 2 files\)\n/);
    const file = await succeed(estimate("tree/a.dat", "--format", "json"));
    expect(JSON.parse(file.stdout)).to.include({ size_bytes: 3_000, recommendation: "skip" });
    const empty = await estimate("empty.dat");
    expect(empty.code).to.equal(2);
    expect(empty.stderr).to.match(/^Error: "empty\.dat" is empty$/m);
    expect(await processesOf(world.home)).to.deep.equal([]);
  });

  for (const [args, message] of [
    [[], "no size given"],
    [["file.dat", "--data-size-gb", "1"], "a size and a path are given"],
    [["none.dat"], 'there is no file "none.dat"'],
    [["--data-size-gb", "lots"], '"lots" is not a size in GB'],
    [["--data-size-gb=-1"], '"-1" is not a size in GB'],
    [["--data-size-gb", "1", "--instances", "0"], '"0" is not a number of instances'],
    [["--data-size-gb", "1", "--regions", "us-east-1,us-east-1"], "region us-east-1 is given twice"],
    [["--data-size-gb", "1", "--regions", "useast1"], 'unknown region "useast1"'],
    [["--data-size-gb", "1", "--ttl", "91"], 'TTL "91" is not a whole number of days from 1 to 90'],
    [["--data-size-gb", "8000000", "--instances", "1000000"], "an amount is above eight billion dollars"],
  ] as const) {
    it(`refuses ${args.length === 0 ? "nothing" : args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await estimate(...args);
      expect({ code, stdout }, stderr).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.contain(`Error: ${message}\n`);
    });
  }
});
