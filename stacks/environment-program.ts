import { StagingEntry } from "../components/staging-entry.ts";
import { StagingEnvironment } from "../components/staging-environment.ts";
import { isAccountId } from "../staging/accounts.ts";
import { withIdsOf } from "../staging/entry.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { Held } from "../staging/ownership/names.ts";
import type { PolicyDocument } from "../staging/policies/document.ts";
import { environmentPolicy, PRINTED_POLICIES } from "../staging/policies/policies.ts";
import { awsProvider } from "./aws-provider.ts";
import type { EnvironmentConfig } from "./environment-config.ts";
import { readOwnState } from "./own-state.ts";
import { type Program, withReadableErrors } from "./program.ts";
import { reviewEnvironment } from "./review.ts";

/**
 * The program of an environment's stack: the environment and its declared entries. Outputs: `name`, `cloud`,
 * `buckets` and `writableAt` by region, `tables`, `replicationRole` if there are several regions, `policies` of its
 * users by name, and `entries` by name.
 * @param state resources in the stack's state, if the caller has read it
 */
export function environmentProgram({ settings, entries }: EnvironmentConfig, state?: Held): Program {
  return withReadableErrors(async () => {
    // First: a refusal must not leave changes in the state.
    const held = state ?? (await readOwnState());
    const adoptions = await reviewEnvironment(settings, held, { warns: state === undefined });
    const options = { providers: [awsProvider()] };
    const environment = new StagingEnvironment(settings.name, { settings, adoptions }, options);
    const declared = withIdsOf(entries, new Set(held.stagingIds)).map((spec) => {
      const entry = new StagingEntry(spec.id, { spec, environment: environment.refs() }, options);
      return [spec.declaredAs ?? spec.id, entry.details] as const;
    });
    const { role } = environment.replication;
    return {
      name: settings.name,
      cloud: settings.cloud,
      buckets: Object.fromEntries(settings.buckets),
      writableAt: environment.writableAt,
      tables: {
        region: settings.tableRegion,
        records: settings.recordsTable,
        usage: settings.usageTable,
        sweeps: settings.sweepsTable,
      },
      ...(role === undefined ? {} : { replicationRole: role.arn }),
      policies: environment.accountId.apply((account) => policiesOf(settings, account)),
      entries: Object.fromEntries(declared),
    };
  });
}

/** Undefined if the server in place of AWS has no accounts. */
const policiesOf = (settings: EnvironmentSettings, account: string): Record<string, PolicyDocument> =>
  isAccountId(account)
    ? Object.fromEntries(PRINTED_POLICIES.map((name) => [name, environmentPolicy(name, settings, account)]))
    : {};
