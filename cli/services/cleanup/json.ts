import { toDollars } from "../../../staging/money.ts";
import { isoSeconds } from "../../../staging/ttl.ts";
import type { Context } from "../../context.ts";
import type { Outcome } from "../common/concurrent.ts";
import { type ErrorJson, errorJson, explained } from "../common/outcomes.ts";
import type { CleanupResult } from "./cleanup.ts";
import { type CleanupPlan, isRemovable, type Orphan } from "./plan.ts";

/**
 * `found`: no removal was requested. `removed`. `failed`, with the error. `left` by an interruption. `kept`, because it changed since
 * it was found.
 */
type CleanupState = "found" | "removed" | "failed" | "left" | "kept";

interface Ended {
  readonly state: CleanupState;
  readonly error?: ErrorJson;
}

/** The items that a cleanup found, with their states. Amounts are US dollars at the guide's prices. Keys are never renamed or removed. */
export type CleanupJson = ReturnType<typeof toCleanupJson>;

/** @param result undefined if no removal was requested or confirmed */
export function toCleanupJson(
  context: Pick<Context, "at">,
  plan: CleanupPlan,
  result: CleanupResult | undefined,
  dryRun: boolean,
) {
  const endOf = <T extends { readonly id: string }>(item: T, outcomes: readonly Outcome<T>[] = []): Ended => {
    const outcome = outcomes.find((one) => one.item.id === item.id);
    if (outcome === undefined) return { state: "found" };
    if (outcome.state === "failed") {
      return { state: "failed", error: errorJson(explained(context, outcome.error)) };
    }
    if (outcome.state === "left") return { state: "left" };
    return { state: result?.kept.has(item.id) ? "kept" : "removed" };
  };
  return {
    dry_run: dryRun,
    entries: plan.entries.map((entry) => ({
      staging_id: entry.id,
      filename: entry.filename,
      size_bytes: entry.sizeBytes,
      regions: entry.regions,
      reason: entry.reason,
      expires_at: isoSeconds(entry.expiresAt),
      recorded: entry.isRecorded,
      cost_per_day: toDollars(entry.costPerDay),
      ...endOf(entry, result?.entries),
    })),
    declared: plan.declared.map(({ id, item, reason }) => ({ staging_id: id, declared_as: item, reason })),
    incomplete: plan.incomplete.map(({ id, stack, state }) => ({
      staging_id: id,
      stack,
      state: String(state),
    })),
    orphans: plan.orphans.map((orphan) => ({ ...orphanJson(orphan), ...endOf(orphan, result?.orphans) })),
  };
}

function orphanJson(orphan: Orphan) {
  return {
    staging_id: orphan.id,
    kind: orphan.kind,
    /** Whether this environment may remove it: a bucket of the environment has it. */
    removable: isRemovable(orphan),
    changed_at: isoSeconds(orphan.changedAt),
    cost_per_day: toDollars(orphan.costPerDay),
    places: orphan.places.map(({ region, bucket, objects, bytes, uploads, isOwn }) => ({
      ...{ region, bucket, objects, size_bytes: bytes },
      ...{ uploads: uploads.length, removable: isOwn },
    })),
  };
}
