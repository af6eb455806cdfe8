import { InputError } from "../../staging/errors.ts";
import type { SweepRunInputs, SweepRunRegion } from "../../staging/resources/sweep-run.ts";
import { canonicalJson } from "../../staging/schema/json.ts";
import { type CheckFailure, checkFailure, type Properties } from "../plugin/types.ts";
import { containsUnknowns } from "../plugin/values.ts";
import { CHANGEABLE } from "./plan.ts";

/** Problems between the inputs of a run, and forbidden changes after the launch. The schema checks each field separately. */
export function runProblems(news: Properties, olds: SweepRunInputs | undefined): CheckFailure[] {
  const { count, regions, retryIndices, rowsFile, rowsSha256 } = news;
  const reasons = {
    regions: containsUnknowns([regions, count]) ? undefined : regionsProblem(regions, count),
    retryIndices: containsUnknowns([retryIndices, count]) ? undefined : indicesProblem(retryIndices, count),
    rowsSha256: rowsProblem(rowsFile, rowsSha256),
  };
  const failures = Object.entries(reasons).flatMap(([property, reason]) =>
    reason === undefined ? [] : [{ property, reason }],
  );
  return olds === undefined ? failures : [...failures, ...changeProblems(news, olds)];
}

/** The regions must cover the indices in order, without gaps. */
function regionsProblem(value: unknown, count: unknown): string | undefined {
  if (!Array.isArray(value)) return undefined; // the field's own check refuses it
  let next = 0;
  const seen = new Set<string>();
  for (const { region, start, end, workers } of value as SweepRunRegion[]) {
    if (seen.has(region)) return `${region} is given twice`;
    seen.add(region);
    if (start !== next || !(end > next))
      return `the indices of ${region} must begin at ${next}, and be one at least`;
    next = end;
    if (workers > end - start)
      return `workers of ${region}: expected a whole number from 1 to ${end - start}, got ${workers}`;
  }
  return next === count ? undefined : `the regions have ${next} indices, and the sweep ${count}`;
}

function indicesProblem(indices: unknown, count: unknown): string | undefined {
  if (!Array.isArray(indices)) return undefined;
  const last = Number(count) - 1;
  const wrong = indices.find((index) => !(index <= last));
  return wrong === undefined ? undefined : `expected a whole number from 0 to ${last}, got ${wrong}`;
}

function rowsProblem(file: unknown, sha256: unknown): string | undefined {
  if (file === undefined) return sha256 === undefined ? undefined : "there is no rowsFile";
  return sha256 === undefined ? "expected the SHA-256 of rowsFile in lower-case hex" : undefined;
}

/** A sweep must not change after its launch, because its items were written with the original settings. */
function changeProblems(news: Properties, olds: SweepRunInputs): CheckFailure[] {
  const fixed = new Set([...Object.keys(news), ...Object.keys(olds)]);
  for (const name of CHANGEABLE) fixed.delete(name);
  const failures: CheckFailure[] = [];
  const before: Readonly<Record<string, unknown>> = { ...olds };
  for (const property of fixed) {
    if (containsUnknowns(news[property]) || canonicalJson(news[property]) === canonicalJson(before[property]))
      continue;
    failures.push(
      checkFailure(
        property,
        new InputError("a sweep does not change after its launch", {
          fix: (_spell, command) =>
            `Undo the edit. Or delete the sweep and launch another one: ${command(`spawn sweep delete ${olds.sweepId}`)}`,
        }),
      ),
    );
  }
  const { generation } = news;
  if (typeof generation === "number" && generation < olds.generation)
    failures.push({
      property: "generation",
      reason: `it only goes up, with spawn sweep retry; it is ${olds.generation}`,
    });
  return failures;
}
