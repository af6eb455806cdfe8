import { ProgressReporter } from "../../../provider/transfer/flow/progress.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Context } from "../../context.ts";
import type { UpdateOptions } from "../../engine/update.ts";
import { copiesOf, expectedOf, type RegionPresence } from "./presence.ts";

/**
 * Compares every byte of every region of an entry with its record: see `provider/transfer/verify/verify.ts`.
 * @returns one result for each region, in the record's order
 */
export async function verifyRegions(
  context: Pick<Context, "s3">,
  record: StagingRecord,
  { signal = new AbortController().signal, onProgress }: Pick<UpdateOptions, "signal" | "onProgress">,
): Promise<RegionPresence[]> {
  const { verifyPresence } = await import("../../../provider/transfer/verify/verify.ts");
  const reporters = new Map(
    record.regions.map((region) => {
      const totals = { region, total: record.sizeBytes, objectsTotal: record.fileCount };
      return [
        region as string,
        new ProgressReporter({ phase: "verify", ...totals }, (_text, progress) =>
          onProgress?.(progress, region),
        ),
      ];
    }),
  );
  const found = await verifyPresence(
    expectedOf(record),
    await copiesOf(record, (region) => context.s3(region)),
    {
      signal,
      onBytes: (region, bytes) => reporters.get(region)?.add(bytes),
      onObject: (region) => reporters.get(region)?.objectDone(),
    },
  );
  for (const reporter of reporters.values()) reporter.finish();
  return found;
}
