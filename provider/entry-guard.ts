import { UserError } from "../staging/errors.ts";
import type { EntryGuardInputs, EntryGuardOutputs } from "../staging/resources/entry-guard.ts";
import { entryGuardResource } from "../staging/resources/entry-guard.ts";
import { inUse } from "../staging/sweep/in-use.ts";
import type { Dependencies } from "./deps.ts";
import { createDynamoClients, type DynamoClients } from "./dynamo-clients.ts";
import { BY_ENVIRONMENT, declaredResource } from "./plugin/declared.ts";
import type { ResourceHandler } from "./plugin/types.ts";
import { explained } from "./store/explain.ts";
import { findOpenSweeps } from "./sweep/open-sweeps.ts";

/**
 * Refuses the deletion of an entry that a sweep reads. It has no counterpart in AWS. It depends on all other resources of its entry, so it
 * is deleted first, when nothing of the entry is deleted yet.
 */
export function entryGuard(
  deps: Pick<Dependencies, "now">,
  dynamo: DynamoClients = createDynamoClients(),
): ResourceHandler<EntryGuardInputs, EntryGuardOutputs> {
  return declaredResource(entryGuardResource, {
    notImported: { fix: BY_ENVIRONMENT },

    create: async (inputs) => ({ id: `${inputs.environment}/${inputs.stagingId}`, outputs: inputs }),
    update: async (_id, _outputs, news) => news,

    async delete(_id, { stagingId, table, region }, { signal }) {
      const open = await explained(`looking for sweeps that read ${stagingId}`, () =>
        findOpenSweeps({ client: dynamo(region), table, now: deps.now, signal }, (error, { sweep_id }) => {
          throw new UserError(error.message, {
            why: `It is unknown whether the sweep reads ${stagingId}. The table is ${table} in ${region}.`,
            fix: (_spell, command) => command(`spawn sweep delete ${sweep_id} --yes`),
            cause: error,
          });
        }),
      );
      const reading = open.filter(({ entries }) => entries.some((id) => id === stagingId));
      if (reading.length === 0) return;
      throw inUse(
        stagingId,
        reading.map(({ sweepId }) => sweepId),
        "deleted",
      );
    },
  });
}
