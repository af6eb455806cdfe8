import { parseStagingId } from "../../staging/ids.ts";
import { parseRegion, parseRegionList, type Region } from "../../staging/regions.ts";
import { parseStackName } from "../../staging/stack-name.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import type { EndedIndex, IndexItem } from "../../staging/sweep/index-item.ts";
import type { SweepMeta } from "../../staging/sweep/meta-item.ts";
import type { RegionItem } from "../../staging/sweep/region-item.ts";

export const SWEEP = parseLaunchedSweepId("sweep-abc123def456");
export const EAST = parseRegion("us-east-1");
export const WEST = parseRegion("us-west-2");

/** A running sweep of six indices in two regions, three each. */
export function testMeta(changes: Partial<SweepMeta> = {}): SweepMeta {
  const sweepId = changes.sweepId ?? SWEEP;
  return {
    sweepId,
    name: "genome-pipeline",
    stack: parseStackName(`dev.${sweepId}`),
    count: 6,
    regions: parseRegionList("us-east-1,us-west-2"),
    entries: [parseStagingId("stage-abc123def456")],
    command: "#!/bin/bash\n./analyze /mnt/data/reference.fasta\n",
    retries: { interrupted: 3, error: 0 },
    timeoutSeconds: undefined,
    results: undefined,
    generation: 0,
    createdAt: new Date("2026-11-29T10:00:00Z"),
    deadlineAt: new Date("2126-11-30T10:00:00Z"),
    startedAt: new Date("2026-11-29T10:00:05Z"),
    cancelledAt: undefined,
    ...changes,
  };
}

/** The counters of a region with three indices, two workers, and no result. */
export function testRegion(region: Region, changes: Partial<RegionItem> = {}): RegionItem {
  const start = region === EAST ? 0 : 3;
  return {
    sweepId: SWEEP,
    region,
    start,
    end: start + 3,
    workers: 2,
    open: 3,
    done: 0,
    failed: 0,
    cancelled: 0,
    alive: 2,
    nextTicket: 0,
    generation: 0,
    ...changes,
  };
}

const base = (index: number) => ({
  sweepId: SWEEP,
  index,
  region: index < 3 ? EAST : WEST,
  params: undefined,
  generation: 0,
  interruptions: 0,
  errors: 0,
  exitCode: undefined,
  error: undefined,
});

const OWNER = "i-0123456789abcdef0";
const START = new Date("2026-11-29T10:01:00Z");

export const pendingIndex = (index: number): IndexItem => ({ ...base(index), attempt: 0, state: "pending" });

export const runningIndex = (index: number): IndexItem => ({
  ...base(index),
  attempt: 1,
  state: "running",
  owner: OWNER,
  leaseUntil: 4_000_000_000,
  startedAt: START,
});

export const endedIndex = (
  index: number,
  state: EndedIndex["state"],
  changes: Partial<EndedIndex> = {},
): EndedIndex => ({
  ...base(index),
  attempt: 1,
  state,
  owner: OWNER,
  startedAt: START,
  endedAt: new Date("2026-11-29T10:05:00Z"),
  ...(state === "done" ? { exitCode: 0 } : {}),
  ...(state === "failed" ? { errors: 1, exitCode: 2, error: "exit code 2" } : {}),
  ...changes,
});
