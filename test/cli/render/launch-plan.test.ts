import { expect } from "chai";
import { launchPlanLines, type ShownLaunch } from "../../../cli/render/launch-plan.ts";
import { parseDestination } from "../../../staging/destination.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { dollars } from "../../../staging/money.ts";
import { GUIDE_PRICES } from "../../../staging/price-book.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { parseRegionList } from "../../../staging/regions.ts";
import { parseSweepFile } from "../../../staging/sweep/file.ts";
import { sweepParameters } from "../../../staging/sweep/parameters.ts";
import { planSweep, type SweepPlanInput } from "../../../staging/sweep/plan.ts";
import type { SweepDataset } from "../../../staging/sweep/spec.ts";
import { parseTtlDays } from "../../../staging/ttl.ts";
import { GIB } from "../../../staging/units.ts";

const NOW = new Date("2026-11-10T12:00:00Z");
const stagingId = parseStagingId("stage-abc123def456");
const destination = parseDestination("/mnt/data/reference.fasta");
const regions = parseRegionList("us-east-1,us-west-2");

const dataset: SweepDataset = {
  ...{ stagingId, destination, kind: "file", filename: "reference.fasta", sizeBytes: 100 * GIB },
  manifestSha256: "0".repeat(64),
  copies: regions.map((region) => ({ region, bucket: `spawn-staging-${region}` })),
};
const entry = {
  ...{ stagingId, destination, regions, sizeBytes: 100 * GIB, fileCount: 1, uploadedAt: NOW },
  ttl: parseTtlDays(7),
};

function shown(text: string, spot = false, more: Partial<SweepPlanInput> = {}): ShownLaunch {
  const parameters = sweepParameters(parseSweepFile(`${text}\nbase_command: x`, "genome.yaml"), undefined, {
    spot,
  });
  const plan = planSweep({
    ...{ parameters, entries: [entry], now: NOW, prices: GUIDE_PRICES },
    ...{ hourOf: priceBook("aws").instanceHour, command: (command: string) => command },
    ...more,
  });
  return { parameters, plan, datasets: [dataset] };
}

describe("The plan of a launch", () => {
  it("shows workers, types, data, disk, deadline, costs and savings", () => {
    expect(launchPlanLines(shown("sweep_name: genome\ncount: 20"))).to.deep.equal([
      "Sweep: genome",
      "Indices: 20",
      "Data: stage-abc123def456, reference.fasta, 100.0 GB, at /mnt/data/reference.fasta",
      "Workers: 20, one per index, on demand, m5.xlarge (x86_64), 126 GB of disk",
      "",
      "REGION     INDICES        WORKERS  PRICE PER WORKER",
      "us-east-1  10 (0 to 9)    10       $0.192 per hour",
      "us-west-2  10 (10 to 19)  10       $0.192 per hour",
      "",
      "Deadline: 1d after the start, when all workers end",
      "Cost: $3.84 per hour with all workers, at most $92.16 until the deadline of 1d (AWS's list prices; without volumes and requests)",
      "Estimated savings: $90.00 for direct downloads → $3.07 for staging (96.6% savings)",
      "",
    ]);
  });

  it("explains current spot prices and their limits", () => {
    const lines = launchPlanLines(
      shown("count: 2\nmax_cost: 1", true, { spotHourOf: () => dollars(0.07) }),
    ).join("\n");
    expect(lines).to.contain("Workers: 2, one per index, spot, m5.xlarge");
    expect(lines).to.contain("a spot instance never costs more");
    expect(lines).to.contain("At current spot prices: $0.140 per hour");
    expect(lines).to.contain("(limited by max_cost)");
  });

  it("shows rows, results, several types, and workers that share indices", () => {
    const text = [
      "grid: {alpha: [1, 2], beta: [x, y]}",
      "max_concurrent: 2",
      "instance_types: [m5.xlarge, m5a.xlarge]",
      "results: s3://my-bucket/results/",
    ].join("\n");
    const lines = launchPlanLines(shown(text)).join("\n");
    expect(lines).to.contain("Indices: 4, each with its row of 2 columns");
    expect(lines).to.contain(
      "Workers: 2 concurrently, sharing the indices, on demand, m5.xlarge or m5a.xlarge",
    );
    expect(lines).to.contain("Results: s3://my-bucket/results/");
    expect(lines).to.contain("$0.172 to $0.192 per hour");
  });

  it("names the account that staged the data, and marks a directory", () => {
    const launch = shown("count: 1\nregions: [us-east-1]");
    const account = "111111111111" as SweepDataset["account"];
    const [, , line] = launchPlanLines({
      ...launch,
      datasets: [{ ...dataset, kind: "directory", filename: "genome", ...(account ? { account } : {}) }],
    });
    expect(line).to.contain("genome/, 100.0 GB, of account 111111111111, at /mnt/data");
  });
});
