import { parseDestination } from "../../../staging/destination.ts";
import { parseStagingId } from "../../../staging/ids.ts";
import { parseRegion, type Region } from "../../../staging/regions.ts";
import { parseLaunchedSweepId } from "../../../staging/sweep/id.ts";
import type { SweepDataset, SweepRegion, SweepSpec } from "../../../staging/sweep/spec.ts";

const GIB_100 = 107_374_182_400;

/** Shares of these sizes for the regions, in order, with a worker for each index. */
export function shares(counts: Readonly<Record<string, number>>): [SweepRegion, ...SweepRegion[]] {
  let start = 0;
  const [first, ...others] = Object.entries(counts).map(([region, count]): SweepRegion => {
    const end = start + count;
    const share = { region: parseRegion(region), start, end, workers: count, subnets: [] };
    start = end;
    return share;
  });
  if (first === undefined) throw new Error("no region given");
  return [first, ...others];
}

/** Copies in the buckets of the environment `dev`. */
export const copiesIn = (...regions: string[]): SweepDataset["copies"] =>
  regions.map((region) => ({ region: region as Region, bucket: `spawn-staging-${region}` }));

/** The guide's dataset: 100 GB in two regions. */
export const dataset = (changes: Partial<SweepDataset> = {}): SweepDataset => ({
  stagingId: parseStagingId("stage-abc123def456"),
  kind: "file",
  filename: "reference-genome.fasta",
  sizeBytes: GIB_100,
  manifestSha256: "b2".repeat(32),
  destination: parseDestination("/mnt/data/reference.fasta"),
  copies: copiesIn("us-east-1", "us-west-2"),
  ...changes,
});

/** The guide's sweep: 50 indices in each of two regions. */
export const sweepSpec = (changes: Partial<SweepSpec> = {}): SweepSpec => {
  const { regions = shares({ "us-east-1": 50, "us-west-2": 50 }) } = changes;
  return {
    id: parseLaunchedSweepId("sweep-abc123def456"),
    name: "genomics",
    count: regions.at(-1)?.end ?? 0,
    instanceTypes: ["m5.xlarge"],
    architecture: "x86_64",
    spot: false,
    diskGib: 126,
    datasets: [dataset()],
    command: "#!/bin/bash\n./align --reference $STAGED_PATH\n",
    retries: { interrupted: 3, error: 0 },
    deadlineSeconds: 86_400,
    iamActions: [],
    managedPolicies: [],
    generation: 0,
    ...changes,
    regions,
  };
};
