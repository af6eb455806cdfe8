import * as pulumi from "@pulumi/pulumi";
import { type EnvironmentSettings, replicationRoleName } from "../staging/environment.ts";
import { refuseOtherAccount } from "../staging/ownership/account.ts";
import { missingOf } from "../staging/ownership/missing.ts";
import { leftBuckets, refuseMovedBuckets, refuseMovedTables } from "../staging/ownership/moves.ts";
import { type Held, tablesOf } from "../staging/ownership/names.ts";
import { type Adoptions, adoptionsOf } from "../staging/ownership/taken.ts";
import { refuseUnnamedBuckets } from "../staging/ownership/unnamed.ts";
import type { EnvironmentFacts, SurveyRequest } from "../staging/resources/environment-facts.ts";
import { SURVEY_ENVIRONMENT } from "../staging/resources/tokens.ts";
import { serverClock } from "../staging/server-clock.ts";

/**
 * Compares the stack's state and AWS's resources with `settings` before the program declares anything. It runs in
 * every preview and update, including plain `pulumi`, so a wrong assumption never creates, replaces or deletes a
 * resource.
 * @param held resources in the stack's state
 * @param options.warns whether to warn about resources that are in the state but missing in AWS
 * @returns resources of this environment that exist in AWS and not in the state, and the server's time
 * @throws InputError if a table or a bucket with data would be replaced or deleted, a name belongs to another owner,
 * or the environment is in another account
 */
export async function reviewEnvironment(
  settings: EnvironmentSettings,
  held: Held,
  { warns }: { readonly warns: boolean },
): Promise<{ readonly adoptions: Adoptions; readonly now: Date }> {
  refuseUnnamedBuckets(settings, held);
  refuseMovedTables(settings, held);
  const obsolete = leftBuckets(settings, held);
  const facts = await survey({
    ...surveyOf(settings),
    buckets: [
      ...surveyOf(settings).buckets,
      ...obsolete.map(({ region, name }) => ({ region, name, data: true })),
    ],
  });
  refuseOtherAccount(settings, facts.account, held);
  const isInUse = ({ region, name }: { region: string; name: string }): boolean =>
    facts.buckets.some((fact) => fact.region === region && fact.name === name && fact.inUse === true);
  refuseMovedBuckets(settings, held, isInUse);
  if (warns) warnOfMissing(settings, facts, held);
  const wanted = new Set(settings.buckets.values());
  const adoptions = adoptionsOf(
    settings,
    { ...facts, buckets: facts.buckets.filter(({ name }) => wanted.has(name)) },
    held,
  );
  return { adoptions, now: facts.time === undefined ? serverClock.now() : new Date(facts.time) };
}

/** All names of the environment. */
function surveyOf(settings: EnvironmentSettings): SurveyRequest {
  return {
    tables: tablesOf(settings).map(({ name }) => ({ region: settings.tableRegion, name })),
    buckets: [...settings.buckets].map(([region, name]) => ({ region, name })),
    ...(settings.regions.length > 1 ? { role: replicationRoleName(settings) } : {}),
  };
}

async function survey(request: SurveyRequest): Promise<EnvironmentFacts> {
  return (await pulumi.runtime.invoke(SURVEY_ENVIRONMENT, request)) as EnvironmentFacts;
}

/** Warns of missing resources. An update compares only with the state, so it would report them as unchanged. */
function warnOfMissing(settings: EnvironmentSettings, facts: EnvironmentFacts, held: Held): void {
  const missing = missingOf(facts).filter(({ name }) => isHeld(held, name));
  if (missing.length === 0) return;
  const names = missing.map(({ what, name }) => `${what} ${name}`).join(", ");
  pulumi.log.warn(
    `missing: ${names}. This update does not recreate it: run spawn environment up --environment ${settings.name}, or pulumi up --refresh`,
  );
}

const isHeld = ({ tables, buckets, role }: Held, name: string): boolean =>
  role === name || [...tables, ...buckets].some((one) => one.name === name);
