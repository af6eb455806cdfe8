import { string } from "../schema/fields.ts";
import { declareResource, type InputsOfResource, type OutputsOfResource } from "../schema/resource.ts";
import { fixedName, region, stagingId } from "./fields.ts";
import { ENTRY_GUARD } from "./tokens.ts";

export const entryGuardResource = declareResource({
  token: ENTRY_GUARD,
  description:
    "The guard of a staging entry. It depends on the entry's other resources, so it is deleted first; its deletion is refused while a sweep that has not ended reads the entry.",
  inputs: {
    stagingId,
    table: fixedName("The table of sweeps."),
    region: region("The region of the table of sweeps."),
    environment: string({ description: "The environment, for commands in errors.", required: true }),
  },
  outputs: {},
});

export type EntryGuardInputs = InputsOfResource<typeof entryGuardResource>;
export type EntryGuardOutputs = OutputsOfResource<typeof entryGuardResource>;
