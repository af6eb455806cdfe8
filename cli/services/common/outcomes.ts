import { UserError } from "../../../staging/errors.ts";
import { explainAwsError } from "../../aws-errors.ts";
import { commandsIn } from "../../command-line.ts";
import type { Context } from "../../context.ts";
import { Defect } from "../../defect.ts";
import type { Outcome } from "./concurrent.ts";

/** The error of one item, for the user. */
export function explained(context: Pick<Context, "at">, error: unknown): UserError {
  const explained =
    error instanceof UserError ? error : (explainAwsError(error, context.at) ?? new Defect(error));
  return explained.inEnvironment(commandsIn(context.at.environment));
}

/** An error in the JSON result of several items. */
export interface ErrorJson {
  readonly message: string;
  readonly why?: string;
  readonly fix?: string;
}

export function errorJson({ message, why, fix }: UserError): ErrorJson {
  return { message, ...(why === undefined ? {} : { why }), ...(fix === undefined ? {} : { fix }) };
}

/**
 * One error for the failures of several items; undefined if all are done.
 * @param noun singular and plural
 * @param fix the command that continues with the unfinished items
 */
export function failureOf<T>(
  context: Pick<Context, "at">,
  outcomes: readonly Outcome<T>[],
  nameOf: (item: T) => string,
  noun: readonly [string, string],
  fix: (unfinished: readonly T[]) => string,
): UserError | undefined {
  const unfinished = outcomes.filter(({ state }) => state !== "done");
  if (unfinished.length === 0) return undefined;
  const of = `${unfinished.length} of ${outcomes.length} ${noun[outcomes.length === 1 ? 0 : 1]}`;
  const names = (state: "failed" | "left") =>
    unfinished.filter((one) => one.state === state).map(({ item }) => nameOf(item));
  const failed = outcomes.flatMap((one) =>
    one.state === "failed" ? [{ name: nameOf(one.item), error: explained(context, one.error) }] : [],
  );
  const causes = failed.map(({ name, error }) =>
    [`${name}: ${error.message}.`, error.why].filter(Boolean).join(" "),
  );
  const wasInterrupted = names("left").length > 0;
  const left = wasInterrupted ? [`Left: ${names("left").join(", ")}.`] : [];
  return new UserError(wasInterrupted ? `interrupted; ${of} not removed` : `${of} could not be removed`, {
    why: [...causes, ...left].join(" "),
    fix: fix(unfinished.map(({ item }) => item)),
    exitCode: wasInterrupted ? 130 : 1,
  });
}
