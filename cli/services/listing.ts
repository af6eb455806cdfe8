import type { UserError } from "../../staging/errors.ts";
import type { StagingRecord } from "../../staging/record.ts";
import { type StagingMetadata, toMetadata } from "./metadata.ts";
import { getUsages, listRecordPages, type RecordFilter, type Tables } from "./records.ts";

/** A list for programs: the pages of {@link listRecordPages}, each joined with its usage rows. */
export async function* listMetadataPages(
  tables: Tables,
  filter: RecordFilter,
  onMalformed: (error: UserError) => void,
): AsyncGenerator<StagingMetadata[]> {
  for await (const page of listRecordPages(tables, filter, onMalformed)) yield await joinUsage(tables, page);
}

async function joinUsage(tables: Tables, page: readonly StagingRecord[]): Promise<StagingMetadata[]> {
  const usages = await getUsages(
    tables,
    page.map(({ stagingId }) => stagingId),
  );
  return page.map((record) => toMetadata(record, usages.get(record.stagingId)));
}
