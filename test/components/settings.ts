import { defaultDestination } from "../../staging/destination.ts";
import type { EntrySpec } from "../../staging/entry.ts";
import type { EnvironmentSettings } from "../../staging/environment.ts";
import { parseEnvironmentSettings } from "../../staging/environment-values.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegionList, REGIONS } from "../../staging/regions.ts";
import { parseTtlDays } from "../../staging/ttl.ts";

export const THREE_REGIONS = "us-east-1,us-west-2,eu-west-1";
export const ALL_REGIONS = REGIONS.join(",");

/** The settings of the environment `dev`. */
export function environmentSettings(values: Record<string, unknown> = {}): EnvironmentSettings {
  return parseEnvironmentSettings("dev", { cloud: "local", regions: THREE_REGIONS, ...values });
}

/** The guide's example of an entry, in the given regions. */
export function entrySpec(regions = "us-east-1,us-west-2", changes: Partial<EntrySpec> = {}): EntrySpec {
  return {
    id: parseStagingId("stage-abc123def456"),
    source: "/data/reference.fasta",
    exclude: [],
    noSha256: false,
    regions: parseRegionList(regions),
    destination: defaultDestination("reference.fasta"),
    ttl: parseTtlDays(7),
    sweepId: undefined,
    replication: "rule",
    allowAccounts: [],
    declaredAs: undefined,
    ...changes,
  };
}
