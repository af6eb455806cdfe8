import { setTimeout as sleep } from "node:timers/promises";
import type { Diagnosis } from "../../../local/doctor.ts";
import { InputError, messageOf } from "../../../staging/errors.ts";
import { explainAwsError } from "../../aws-errors.ts";
import type { Context } from "../../context.ts";

const PATIENCE_MS = 5_000;
const NAME = "Account";

/** The account of the credentials, for `doctor`: an environment in AWS has to be in it. */
export async function checkAccount(
  context: Pick<Context, "account" | "at" | "settings">,
): Promise<Diagnosis> {
  const settings = await context.settings();
  if (settings.cloud === "local") return { name: NAME, status: "ok", found: "not used by this environment" };
  const done = new AbortController();
  const late = sleep(PATIENCE_MS, undefined, { signal: done.signal }).then(
    () => unknown(`AWS did not answer within ${PATIENCE_MS / 1000} s`),
    () => unknown("the question was answered"),
  );
  try {
    return await Promise.race([askAccount(context, settings.account), late]);
  } finally {
    done.abort();
  }
}

async function askAccount(
  context: Pick<Context, "account" | "at">,
  declared: string | undefined,
): Promise<Diagnosis> {
  try {
    const account = await context.account();
    if (account === undefined) {
      return { name: NAME, status: "ok", found: "none: the server in place of AWS has no accounts" };
    }
    const by = declared === undefined ? "" : ", as spawn:account says";
    return { name: NAME, status: "ok", found: `${account}${by}` };
  } catch (error) {
    if (error instanceof InputError) {
      const { message: found, fix } = error;
      return { name: NAME, status: "fail", found, ...(fix === undefined ? {} : { fix }) };
    }
    return unknown(explainAwsError(error, context.at)?.message ?? messageOf(error));
  }
}

const unknown = (found: string): Diagnosis => ({
  name: NAME,
  status: "warn",
  found: `unknown: ${found}`,
  fix: "aws sts get-caller-identity",
});
