import { entryStackName } from "../../../staging/entry.ts";
import { UserError } from "../../../staging/errors.ts";
import type { StagingId } from "../../../staging/ids.ts";
import { describeMissing, missingOf } from "../../../staging/ownership/missing.ts";
import type { StagingRecord } from "../../../staging/record.ts";
import type { Region } from "../../../staging/regions.ts";
import { EXPIRATION, RECORD_TYPE, USAGE_ROW } from "../../../staging/resources/tokens.ts";
import { commandLine } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { openSession, type SessionSource } from "../../engine/session.ts";
import type { StateResource } from "../../engine/state.ts";
import { type ResourceChange, runUpdate } from "../../engine/update.ts";
import { resourcesOf } from "../common/state.ts";
import { surveyOf, wholeEnvironment } from "../environment/ownership.ts";
import { ACCESS_POINT_TYPE } from "./access-points.ts";

/** Parts that differ from their declaration, and the command that repairs them. */
interface Drift {
  /** Descriptions such as `the usage row is gone`, without the data themselves. */
  readonly found: readonly string[];
  readonly fix: string;
}

interface Comparison {
  /**
   * Undefined if a check could not compare everything: a reader may lack permissions, and an entry of a colleague or of another program
   * has its stack in another backend.
   */
  readonly found: readonly string[] | undefined;
  readonly hasDrift: boolean;
  readonly warnings: readonly string[];
}

/** The result of several checks for drift of an entry. @throws the error of a check, unless it is a UserError */
export async function compareAll(id: StagingId, checks: readonly Promise<Drift>[]): Promise<Comparison> {
  const found: string[] = [];
  const warnings: string[] = [];
  let isComplete = true;
  for (const check of await Promise.allSettled(checks)) {
    if (check.status === "rejected") {
      const { reason }: { reason: unknown } = check;
      if (!(reason instanceof UserError)) throw reason;
      isComplete = false;
      const fix = reason.fix === undefined ? "" : `. Fix: ${reason.fix}`;
      warnings.push(`not every part of ${id} was compared: ${reason.message}${fix}`);
    } else if (check.value.found.length > 0) {
      found.push(...check.value.found);
      warnings.push(`of ${id}, ${check.value.found.join(", ")}. Fix: ${check.value.fix}`);
    }
  }
  return { found: isComplete ? found : undefined, hasDrift: found.length > 0, warnings };
}

/** Deleted or edited settings, tables and rules on which an entry in these regions relies. */
export async function environmentDrift(
  context: Pick<Context, "account" | "anyBucketsS3" | "dynamo" | "environmentName" | "iam" | "settings">,
  regions: readonly Region[],
): Promise<Drift> {
  const settings = await context.settings();
  const facts = await surveyOf(context, wholeEnvironment(settings, regions));
  const found = missingOf(facts).map((missing) => `${describeMissing(missing)} is missing or was edited`);
  return { found, fix: commandLine("spawn environment up", context.environmentName) };
}

/**
 * Compares an entry's record, usage row, tags and access points with the state of its stack, as `pulumi refresh --preview-only` does.
 * @throws UserError if the backend has no such stack, or if the comparison fails
 */
export async function entryDrift(
  context: SessionSource & Pick<Context, "environmentName">,
  { stagingId: id, declaredAs }: StagingRecord,
): Promise<Drift> {
  const { environmentName: environment } = context;
  const session = await openSession(context);
  const isDeclared = declaredAs !== undefined;
  const [project, stack] = isDeclared
    ? ([session.environmentProject, environment] as const)
    : ([session.entryProject, entryStackName(environment, id)] as const);
  const resources = await resourcesOf(project, stack);
  const own = resources.filter((resource) => isOf(resource, id));
  if (own.length === 0) {
    throw new UserError(`the stack ${stack}, which holds ${id}, is not in this backend`, {
      why: "Its record, usage row, tags and access points were not compared with it.",
    });
  }
  const found = new Set<string>();
  await runUpdate(
    project,
    stack,
    { kind: "refresh", previewOnly: true, targets: own.map(({ urn }) => urn) },
    {
      onChange: (change) => {
        const words = describeChange(change);
        if (words !== undefined) found.add(words);
      },
    },
  );
  const fix = commandLine(isDeclared ? "spawn environment up" : `spawn stage repair ${id}`, environment);
  return { found: [...found].sort(), fix };
}

/** Resources of the entry are named after it. */
const isOf = ({ urn }: StateResource, id: StagingId): boolean =>
  urn.split("::").at(-1)?.startsWith(`${id}-`) ?? false;

/** The drift of one resource; undefined for the data, which have their own comparison. */
function describeChange({ op, type, inputs }: ResourceChange): string | undefined {
  if (op !== "delete" && op !== "update") return undefined;
  const part = partOf(type, inputs["region"]);
  return part && `${part} ${op === "delete" ? "is gone" : "was changed"}`;
}

/** The part of an entry that a resource makes; undefined for the data and for other resources. */
export function partOf(type: string, region: unknown): string | undefined {
  switch (type) {
    case RECORD_TYPE:
      return "the record";
    case USAGE_ROW:
      return "the usage row";
    case EXPIRATION:
      return `the TTL tag in ${region}`;
    case ACCESS_POINT_TYPE:
      return `the access point in ${region}`;
    default:
      return undefined;
  }
}
