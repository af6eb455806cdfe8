import { integer, list, string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import { facts, fixedName, region, stagingId, ttlDays, uploadedAt } from "./fields.ts";
import { USAGE_ROW } from "./tokens.ts";

export const usageRowResource = declareResource({
  token: USAGE_ROW,
  description:
    "The row of a staging entry in the usage table. Creation opens it, deletion closes it and does not delete it; workers count in it.",
  inputs: {
    table: fixedName("The usage table."),
    region: region("The region of the usage table."),
    stagingId,
    filename: string({ description: "The name under which the data are stored.", required: true }),
    sizeBytes: facts.sizeBytes,
    fileCount: integer({ description: "Number of files; the cost of requests depends on it." }),
    regions: list(string({}), {
      description: "The regions of the entry, the primary one first.",
      required: true,
    }),
    uploadedAt: string({ ...uploadedAt, required: true }),
    ttlDays: integer({ ...ttlDays, required: true }),
    sweepId: string({ description: "The sweep that the entry belongs to." }),
    recordsTable: string({
      description:
        "The records table. If the entry's record is there already, a row that is made again notes no arrivals.",
      ignored: true,
    }),
  },
  outputs: {
    // Another upload under the same ID opens another generation of the row.
    openedAt: string({
      description: "The time at which the row was opened (ISO 8601, UTC).",
      required: true,
      changes: true,
    }),
  },
});

export type UsageRowInputs = InputsOfResource<typeof usageRowResource>;
export type UsageRowOutputs = OutputsOfResource<typeof usageRowResource>;
