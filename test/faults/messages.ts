import { CallAborted } from "../../provider/plugin/status.ts";
import { PartialFailure } from "../../provider/plugin/types.ts";
import { describeError, UserError } from "../../staging/errors.ts";

/** Never part of a message for users: traces of values, of stacks and of nameless errors. */
const UNCLEAR = [
  /\bundefined\b/,
  /\bnull\b/,
  /\bNaN\b/,
  /\[object /,
  /\n\s+at /,
  /Unknown:? ?Error/i,
  /\bUnknown\b/,
  /\$response/,
  /@smithy/,
];

/** The text of a failure. @throws Error if a user would not understand it */
export function assertClear(error: unknown): string {
  const text = error instanceof PartialFailure ? error.message : describeError(error);
  const complain = (why: string): Error => new Error(`${why}: ${text}`, { cause: error });
  if (!(error instanceof UserError || error instanceof PartialFailure || error instanceof CallAborted)) {
    throw complain("an error that was not meant for people");
  }
  const bad = UNCLEAR.find((pattern) => pattern.test(text));
  if (bad !== undefined) throw complain(`${bad} in a message`);
  if (text !== "interrupted" && !/^.+\nWhy: .+/.test(text)) throw complain("a message without a cause");
  return text;
}
