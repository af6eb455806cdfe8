import { messageOf, UserError } from "../../../staging/errors.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Region } from "../../../staging/regions.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { withOrderedProblems } from "../common/ordered-problems.ts";
import { bucketsOfRecord } from "../entry/records.ts";

/** The ID of the lifecycle rule that expires an entry, by region; undefined if none is in force. */
export type LifecycleRules = ReadonlyMap<Region, string | undefined>;

/** No retries: the current rules count, not rules that may show soon. */
const ONE_LOOK = { attempts: 1, firstDelayMs: 0 };

/**
 * Reads the lifecycle rules of an entry from the buckets.
 * @param onProblem called for a bucket that lacks the rule or cannot be read
 */
export async function lifecycleRulesOf(
  context: Pick<Context, "environmentName" | "s3">,
  record: Pick<StagingRecord, "regions" | "buckets" | "ttl">,
  onProblem: (error: Error) => void,
): Promise<LifecycleRules> {
  const [{ requireLifecycleRule }, { ServerCapabilities }] = await Promise.all([
    import("../../../provider/rules/in-force.ts"),
    import("../../../provider/rules/capabilities.ts"),
  ]);
  const { signal } = new AbortController();
  const capabilities = new ServerCapabilities();
  const places = bucketsOfRecord(record);
  const found = await withOrderedProblems(places, onProblem, async ({ region, bucket }, problem) => {
    try {
      const check = { client: await context.s3(region), bucket, settling: ONE_LOOK, signal };
      if (!(await capabilities.of(check)).lifecycleRules)
        throw noLifecycleRules(bucket, context.environmentName);
      return [region, await requireLifecycleRule(check, record.ttl)] as const;
    } catch (error) {
      problem(asProblem(error, region, bucket));
      return [region, undefined] as const;
    }
  });
  return new Map(found);
}

const noLifecycleRules = (bucket: string, environment: string): UserError =>
  new UserError(`the S3 server of ${bucket} has no lifecycle rules`, {
    why: "Its data do not expire by themselves.",
    fix: commandLine("spawn stage cleanup --expired", environment),
  });

function asProblem(error: unknown, region: Region, bucket: string): Error {
  if (error instanceof UserError) return new Error([error.message, error.why].join(": "), { cause: error });
  return new Error(`the lifecycle rules of ${bucket} in ${region} cannot be read: ${messageOf(error)}`, {
    cause: error,
  });
}
