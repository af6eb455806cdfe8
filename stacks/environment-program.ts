import * as pulumi from "@pulumi/pulumi";
import { StagingEntry } from "../components/staging-entry.ts";
import { StagingEnvironment } from "../components/staging-environment.ts";
import { isAccountId } from "../staging/accounts.ts";
import { expiredEntries, expiryWarnings, withRenewedTtls } from "../staging/declared-expiry.ts";
import { identifyEntries } from "../staging/declared-ids.ts";
import type { EntrySpec } from "../staging/entry.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import type { Held } from "../staging/ownership/names.ts";
import type { PolicyDocument } from "../staging/policies/document.ts";
import { environmentPolicy, PRINTED_POLICIES } from "../staging/policies/policies.ts";
import { awsProvider } from "./aws-provider.ts";
import { compareByProvider, reportSources } from "./compare-source.ts";
import type { EnvironmentConfig } from "./environment-file.ts";
import { readOwnState, unguardedEntries } from "./own-state.ts";
import { type Program, withReadableErrors } from "./program.ts";
import { reviewEnvironment } from "./review.ts";

/**
 * The program of an environment's stack: the environment and its declared entries. Outputs: `name`, `cloud`,
 * `buckets` and `writableAt` by region, `tables`, `replicationRole` if there are several regions, `policies` of its
 * users by name, and `entries` by name.
 * @param state resources in the stack's state, if the caller has read it and identified the entries
 */
export function environmentProgram({ settings, entries }: EnvironmentConfig, state?: Held): Program {
  return withReadableErrors(async () => {
    // First: a refusal must not leave changes in the state.
    const held = state ?? (await readOwnState());
    const { adoptions, now } = await reviewEnvironment(settings, held, { warns: state === undefined });
    const identified = state === undefined ? await identify({ settings, entries }, held, now) : entries;
    const { ttls = [] } = held;
    const renewed = withRenewedTtls(identified, ttls, now, settings.name);
    const options = { providers: [awsProvider()] };
    const environment = new StagingEnvironment(settings.name, { settings, adoptions }, options);
    if (state === undefined) {
      for (const warning of expiryWarnings(identified, ttls, now, settings.name))
        await pulumi.log.warn(warning);
    }
    const unguarded = unguardedEntries(held);
    // DynamoDB deletes their records, and an update must not create a record without data. States of version 0.1.0 need no change.
    const expired = new Set(expiredEntries(ttls, identified, now).map(({ stagingId }) => stagingId));
    const declared = renewed.map((spec) => {
      const guarded = !unguarded.has(spec.id);
      const recorded = !guarded || !expired.has(spec.id);
      const entry = new StagingEntry(
        spec.id,
        { spec, environment: environment.refs(), guarded, recorded },
        options,
      );
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

async function identify(
  { settings, entries }: EnvironmentConfig,
  held: Held,
  now: Date,
): Promise<readonly EntrySpec[]> {
  const found = await identifyEntries(settings.name, entries, held.entries ?? [], compareByProvider, now);
  reportSources(found);
  return found.entries;
}

/** Undefined if the server in place of AWS has no accounts. */
const policiesOf = (settings: EnvironmentSettings, account: string): Record<string, PolicyDocument> =>
  isAccountId(account)
    ? Object.fromEntries(PRINTED_POLICIES.map((name) => [name, environmentPolicy(name, settings, account)]))
    : {};
