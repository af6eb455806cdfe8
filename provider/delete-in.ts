import type { StagedDataOutputs } from "../staging/resources/staged-data.ts";
import { type Dependencies, reportTo } from "./deps.ts";
import type { CallContext } from "./plugin/types.ts";
import { explained } from "./store/explain.ts";
import { deleteEntry } from "./transfer/delete.ts";

/** Permanently deletes an entry in the bucket of one region, and reports the progress. */
export async function deleteIn(
  { region, bucket, stagingId }: Pick<StagedDataOutputs, "region" | "bucket" | "stagingId">,
  { s3 }: Pick<Dependencies, "s3">,
  context: CallContext,
): Promise<void> {
  const progress = reportTo(context, { phase: "delete", region, total: 0, objectsTotal: 0 });
  await explained(`deleting ${stagingId} in ${region}`, () =>
    deleteEntry(s3.store(region), bucket, stagingId, {
      signal: context.signal,
      onDeleted: (count) => progress.add(count),
    }),
  );
  progress.finish();
}
