import { DescribeTableCommand } from "@aws-sdk/client-dynamodb";
import { readWorkerTemplates } from "../../../stacks/worker-templates.ts";
import { bucketOf, type EnvironmentSettings } from "../../../staging/environment.ts";
import { InputError } from "../../../staging/errors.ts";
import { priceBook } from "../../../staging/price-books.ts";
import { parseRegionList, type Region } from "../../../staging/regions.ts";
import { commonRegions } from "../../../staging/sweep/entries.ts";
import { newSweepId } from "../../../staging/sweep/id.ts";
import type { SweepParameters } from "../../../staging/sweep/parameters.ts";
import { planSweep, type SweepPlan, type SweepPlanInput } from "../../../staging/sweep/plan.ts";
import { renderUserData } from "../../../staging/sweep/user-data.ts";
import { workerFacts } from "../../../staging/sweep/worker-facts.ts";
import { workerPolicy } from "../../../staging/sweep/worker-policy.ts";
import { commandLine } from "../../command-line.ts";
import type { Context, EntryContext } from "../../context.ts";
import type { SessionSource } from "../../engine/session.ts";
import { undefinedIfInvalid } from "../common/invalid.ts";
import { serverTime } from "../common/server-time.ts";
import { checkEnvironmentIsUp } from "../entry/upload/preflight.ts";
import { explainMissing } from "../environment/account.ts";
import { joinAdvice } from "./checks/advice.ts";
import { adviceFor, readSpotPrices, type SpotPrices } from "./checks/checks.ts";
import type { LaunchRequest, PreparedLaunch, StagedData } from "./launch.ts";
import { datasetOf, ownEntries, requireWhole } from "./own-entries.ts";
import { specOf } from "./sweep-spec.ts";

/*
 * All checks before the start of a sweep. Neither this module nor its imports write to AWS, to the backend or to this machine, because
 * `spawn launch --dry-run` ends after it. A test checks the imports.
 */

/**
 * Plans a sweep and checks that everything it needs exists.
 * @throws UserError or InputError that names the missing part and the fix
 */
export async function prepareLaunch(
  context: EntryContext & Pick<Context, "anyBucketsS3">,
  request: LaunchRequest,
): Promise<PreparedLaunch> {
  const { parameters } = request;
  const settings = await context.settings();
  for (const { region } of parameters.regions) bucketOf(settings, region);
  // The server's time decides about TTLs: a slow clock of this machine must not let a sweep start.
  const now = await serverTime(context);
  const data = await stagedData(context, request);
  const spot = parameters.spot
    ? await readSpotPrices(context, parameters.instanceTypes, regionsOf(parameters, data, settings), now)
    : undefined;
  const plan = planSweep({
    ...{ parameters, entries: data.entries, now, prices: request.prices },
    ...pricing(spot),
    command: commandFor(settings),
  });
  const regions = plan.regions.map(({ region }) => region);
  await requireUp(context, settings, regions);
  const [advice] = await Promise.all([
    adviceFor(context, plan, { spot: parameters.spot, subnets: parameters.subnets }),
    data.check(regions),
  ]);
  const launch = { ...request, settings, plan, datasets: data.datasets };
  await checkSize(context, launch);
  const all = joinAdvice([
    { warnings: unlistedTypes(plan, parameters), notes: data.notes },
    ...(spot === undefined ? [] : [spot]),
    advice,
  ]);
  return { ...launch, advice: all };
}

/** @throws InputError if the user data of the workers, or the policy of their role, exceed AWS's limits */
async function checkSize(
  context: Pick<Context, "account">,
  launch: Omit<PreparedLaunch, "advice">,
): Promise<void> {
  const { settings } = launch;
  // All IDs have the same length.
  const spec = specOf(launch, newSweepId(), undefined);
  renderUserData(await readWorkerTemplates(), workerFacts(spec, settings));
  const account = await context.account();
  if (account !== undefined) workerPolicy(spec, settings, account);
}

async function stagedData(
  context: EntryContext & Pick<Context, "anyBucketsS3">,
  request: LaunchRequest,
): Promise<StagedData> {
  const { parameters, stageAccount } = request;
  if (stageAccount !== undefined && stageAccount !== (await context.account())) {
    const { otherEntries } = await import("./other-entries.ts");
    return await otherEntries(context, stageAccount, request);
  }
  const records = await ownEntries(context, parameters.entries);
  return {
    entries: records,
    datasets: records.map(datasetOf),
    notes: ownNotes(request),
    check: (regions) => requireWhole(context, records, regions),
  };
}

/** Options for data of another account have no effect on the own account's data, whose records have their locations. */
function ownNotes({ stageAccount, stageBuckets, stageDestinations }: LaunchRequest): string[] {
  return stageBuckets.size + stageDestinations.size === 0
    ? []
    : [
        `Account ${stageAccount} is your own: its records have the locations of the data, so the options have no effect.`,
      ];
}

/** Regions that may get indices. */
function regionsOf(
  { regions }: SweepParameters,
  { entries }: StagedData,
  settings: EnvironmentSettings,
): readonly Region[] {
  return regions.length > 0
    ? regions.map(({ region }) => region)
    : commonRegions(entries, commandFor(settings));
}

const commandFor =
  ({ name }: EnvironmentSettings) =>
  (text: string): string =>
    commandLine(text, name);

/** List prices; for an unlisted type the spot price, if it is known. */
function pricing(spot: SpotPrices | undefined): Pick<SweepPlanInput, "hourOf" | "spotHourOf"> {
  const list = priceBook("aws").instanceHour;
  if (spot === undefined) return { hourOf: list };
  return {
    spotHourOf: spot.of,
    // The last call throws the error of an unknown price.
    hourOf: (type, region) =>
      undefinedIfInvalid(() => list(type, region)) ?? spot.of(type, region) ?? list(type, region),
  };
}

/** Cost limits use list prices. For an unlisted type they use the current spot price, which can rise. */
function unlistedTypes(plan: SweepPlan, { spot, instanceTypes }: SweepParameters): string[] {
  if (!spot) return [];
  const list = priceBook("aws").instanceHour;
  const isListed = (type: string, region: Region): boolean =>
    undefinedIfInvalid(() => list(type, region)) !== undefined;
  const unlisted = instanceTypes.filter(
    (type) => !plan.regions.every(({ region }) => isListed(type, region)),
  );
  return unlisted.length === 0
    ? []
    : [
        `The list price of ${unlisted.join(", ")} is unknown: the cost limit uses the current spot price, which can rise.`,
      ];
}

/** @throws InputError unless the environment is up: its tables, including the sweeps table, and the buckets of the regions */
async function requireUp(
  context: SessionSource & Pick<Context, "account" | "s3" | "tables">,
  settings: EnvironmentSettings,
  regions: readonly Region[],
): Promise<void> {
  const { client } = await context.tables();
  const clients = { dynamodb: client, s3: (region: Region) => context.s3(region) };
  try {
    await checkEnvironmentIsUp(settings, parseRegionList(regions), clients);
    await client.send(new DescribeTableCommand({ TableName: settings.sweepsTable })).catch((error: Error) => {
      if (error.name !== "ResourceNotFoundException") throw error;
      throw new InputError(`environment ${settings.name} has no table for sweeps yet`, {
        why: `There is no table ${settings.sweepsTable}: an older version created the environment.`,
        fix: commandLine("spawn environment up", settings.name),
      });
    });
  } catch (error) {
    throw await explainMissing(context, error);
  }
}
