import { isAbsolute } from "node:path";
import { messageOf } from "../../staging/errors.ts";
import { parseStagingId } from "../../staging/ids.ts";
import { parseRegion } from "../../staging/regions.ts";
import type { SweepRunInputs } from "../../staging/resources.ts";
import { canonicalJson } from "../../staging/schema/json.ts";
import { parseStackName } from "../../staging/stack-name.ts";
import { parseLaunchedSweepId } from "../../staging/sweep/id.ts";
import { MAX_INDICES } from "../../staging/sweep/row-checks.ts";
import { checkInputs } from "../checks.ts";
import type { CheckFailure, Properties } from "../plugin/types.ts";
import { containsUnknowns } from "../plugin/values.ts";
import { CHANGEABLE } from "./plan.ts";

/** Checks the inputs of a run: each by itself, then together, then against those of the sweep as it was launched. */
export function checkRun(
  news: Properties,
  olds: SweepRunInputs | undefined,
): { inputs: Properties; failures: CheckFailure[] } {
  const checked = checkInputs<SweepRunInputs>(news, {
    sweepId: parseLaunchedSweepId,
    tableRegion: parseRegion,
    stack: parseStackName,
  });
  const failures = [...checked.failures];
  const check = (property: keyof SweepRunInputs, problem: (value: unknown) => string | undefined): void => {
    const value = news[property];
    if (containsUnknowns(value) || containsUnknowns(news["count"])) return;
    const reason = problem(value);
    if (reason !== undefined) failures.push({ property, reason });
  };
  const count = news["count"];
  check("count", whole(1, MAX_INDICES));
  for (const name of ["retriesInterrupted", "retriesError", "generation"] as const) check(name, whole(0));
  check("deadlineSeconds", whole(1));
  check("timeoutSeconds", optional(whole(1)));
  for (const name of ["table", "name", "command"] as const) check(name, text);
  check("entries", (value) => firstProblem(value, (entry) => problemOf(() => parseStagingId(String(entry)))));
  check("regions", (value) => regionsProblem(value, count));
  check(
    "retryIndices",
    optional((value) => firstProblem(value, whole(0, Number(count) - 1))),
  );
  check(
    "rowsFile",
    optional((value) =>
      typeof value === "string" && isAbsolute(value) ? undefined : "expected an absolute path",
    ),
  );
  check("rowsSha256", (value) => {
    if (news["rowsFile"] === undefined) return value === undefined ? undefined : "there is no rowsFile";
    return typeof value === "string" && /^[0-9a-f]{64}$/.test(value)
      ? undefined
      : "expected the SHA-256 of rowsFile in lower-case hex";
  });
  if (olds !== undefined) failures.push(...changes(news, olds));
  return { inputs: news, failures };
}

type Problem = (value: unknown) => string | undefined;

const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Problem =>
  (value) =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= least && value <= most
      ? undefined
      : `expected a whole number from ${least}${most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`}`;

const text: Problem = (value) =>
  typeof value === "string" && value.trim() !== "" ? undefined : "expected a text that is not empty";

const optional =
  (problem: Problem): Problem =>
  (value) =>
    value === undefined || value === null ? undefined : problem(value);

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function firstProblem(list: unknown, problem: Problem): string | undefined {
  if (!Array.isArray(list)) return "expected a list";
  return list.map(problem).find((found) => found !== undefined);
}

/** The regions divide the indices, in their order. */
function regionsProblem(value: unknown, count: unknown): string | undefined {
  let next = 0;
  const seen = new Set<unknown>();
  const problem = firstProblem(value, (each) => {
    const { region, start, end, workers, group } = Object(each) as Readonly<Record<string, unknown>>;
    const wrong = problemOf(() => parseRegion(String(region))) ?? text(group);
    if (wrong !== undefined) return wrong;
    if (seen.has(region)) return `${region} is given twice`;
    seen.add(region);
    if (start !== next || typeof end !== "number" || end <= next)
      return `the indices of ${region} must begin at ${next}, and be one at least`;
    next = end;
    const most = whole(1, end - Number(start))(workers);
    return most === undefined ? undefined : `workers of ${region}: ${most}`;
  });
  if (problem !== undefined) return problem;
  return next === count ? undefined : `the regions have ${next} indices, and the sweep ${count}`;
}

/** A sweep does not change after its launch: its indices run with what they were launched with. */
function changes(news: Properties, olds: SweepRunInputs): CheckFailure[] {
  const fixed = new Set([...Object.keys(news), ...Object.keys(olds)]);
  for (const name of CHANGEABLE) fixed.delete(name);
  const failures: CheckFailure[] = [];
  const before: Readonly<Record<string, unknown>> = { ...olds };
  for (const property of fixed) {
    if (containsUnknowns(news[property]) || canonicalJson(news[property]) === canonicalJson(before[property]))
      continue;
    failures.push({
      property,
      reason: `a sweep does not change after its launch. Undo the edit, or end the sweep (spawn sweep delete ${olds.sweepId}) and launch another`,
    });
  }
  const { generation } = news;
  if (typeof generation === "number" && generation < olds.generation)
    failures.push({
      property: "generation",
      reason: `it only goes up, with spawn sweep retry; it is ${olds.generation}`,
    });
  return failures;
}
