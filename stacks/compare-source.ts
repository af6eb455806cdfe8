import * as pulumi from "@pulumi/pulumi";
import type { IdentifiedEntries, SourceComparison } from "../staging/declared-ids.ts";
import type { EntrySpec } from "../staging/entry.ts";
import type { StagedVersion } from "../staging/held-entry.ts";
import { omitUndefined } from "../staging/omit.ts";
import { COMPARE_SOURCE } from "../staging/resources/tokens.ts";

/** Compares a declared entry's source by the provider, which reads sources. */
export async function compareByProvider(
  { source, exclude, followLinks, requestPayer, sha256: pinned }: EntrySpec,
  staged: readonly StagedVersion[],
): Promise<SourceComparison> {
  const request = { source, exclude, ...omitUndefined({ followLinks, requestPayer, pinned }), staged };
  return (await pulumi.runtime.invoke(COMPARE_SOURCE, request)) as SourceComparison;
}

/** Shows which sources have changed, and which could not be compared. */
export function reportSources({ replaced, uncompared }: IdentifiedEntries): void {
  for (const { item, stagingId, replaces } of replaced) {
    pulumi.log.info(
      `item ${item}: its source has changed. It is staged as ${stagingId}; ${replaces} is deleted after that entry is complete.`,
    );
  }
  for (const { item, stagingId, why } of uncompared) {
    pulumi.log.info(`item ${item}: its source cannot be compared with ${stagingId}, which stays: ${why}`);
  }
}
