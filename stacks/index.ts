import * as pulumi from "@pulumi/pulumi";
import { readTextIfThere } from "../files/read.ts";
import { settingsFileName } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { shellQuoted } from "../staging/shell.ts";
import { configuredProfile, requireProfile } from "./aws-profile.ts";
import { entrySettingsPath } from "./data-folder.ts";
import { entryProgram } from "./entry-program.ts";
import { ENTRY_SETTINGS } from "./entry-settings.ts";
import { parseEngineConfig } from "./environment-file.ts";
import { environmentProgram } from "./environment-program.ts";
import { parseStackName } from "./kind.ts";
import { type Program, withReadableErrors } from "./program.ts";
import { spawnValues } from "./spawn-values.ts";
import type { SettingsOf } from "./stack-settings.ts";
import { sweepProgram } from "./sweep-program.ts";
import { SWEEP_SETTINGS } from "./sweep-settings.ts";

/** The program of a plain `pulumi up`, selected by the stack's name. */
export default withReadableErrors(async () => {
  const program = await programOf(pulumi.getStack(), spawnValues(pulumi.runtime.allConfig()));
  return program();
});

async function programOf(stack: string, values: Readonly<Record<string, unknown>>): Promise<Program> {
  const kind = parseStackName(stack);
  if (kind.kind === "environment") {
    const { environment } = kind;
    const config = await parseEngineConfig(environment, values, pulumi.getRootDirectory());
    if (config.settings.cloud === "aws") {
      const profile = configuredProfile(pulumi.runtime.allConfig(), settingsFileName(environment));
      requireProfile(profile, environment, process.env);
    }
    return environmentProgram(config);
  }
  return kind.kind === "entry"
    ? entryProgram(await ownSettings(stack, values, ENTRY_SETTINGS))
    : sweepProgram(await ownSettings(stack, values, SWEEP_SETTINGS));
}

/** The stack's own configuration, or the file that the command line keeps for it. */
async function ownSettings<Spec extends { readonly id: string }>(
  stack: string,
  values: Readonly<Record<string, unknown>>,
  kind: SettingsOf<Spec>,
) {
  const inConfig = Object.keys(values).length > 0;
  const where = inConfig ? `the configuration of ${stack}` : entrySettingsPath(stack);
  const settings = inConfig
    ? kind.parseValues(values, where)
    : kind.parseFile(await readSettings(where, stack, kind.key), where);
  kind.assertOf(stack, settings, where);
  return settings;
}

async function readSettings(path: string, stack: string, what: string): Promise<string> {
  const text = await readTextIfThere(path);
  if (text !== undefined) return text;
  throw new InputError(`the stack ${stack} has no settings`, {
    why: `Neither its configuration nor ${path} holds them: the ${what} was created on another machine, or the file was deleted.`,
    fix: `Copy that file from the machine that created the ${what}; pulumi destroy -s ${shellQuoted(stack)} needs no settings.`,
  });
}
