import * as pulumi from "@pulumi/pulumi";
import { readTextIfThere } from "../files/read.ts";
import { InputError } from "../staging/errors.ts";
import { shellQuoted } from "../staging/shell.ts";
import { configuredProfile, requireProfile } from "./aws-config.ts";
import { entrySettingsPath } from "./data-folder.ts";
import { entryProgram } from "./entry-program.ts";
import {
  assertSettingsOf,
  type EntrySettings,
  parseEntrySettingsFile,
  parseEntryValues,
} from "./entry-settings.ts";
import { checkEnvironmentFile, parseEnvironmentConfig } from "./environment-config.ts";
import { environmentProgram } from "./environment-program.ts";
import { parseStackName } from "./kind.ts";
import { type Program, withReadableErrors } from "./program.ts";
import { spawnValues } from "./spawn-values.ts";
import { sweepProgram } from "./sweep-program.ts";
import {
  assertSweepSettingsOf,
  parseSweepSettingsFile,
  parseSweepValues,
  type SweepSettings,
} from "./sweep-settings.ts";
import { readUserConfig } from "./user-config.ts";

/** The program of a plain `pulumi up`, selected by the stack's name. */
export default withReadableErrors(async () => {
  const program = await programOf(pulumi.getStack(), spawnValues(pulumi.runtime.allConfig()));
  return program();
});

async function programOf(stack: string, values: Readonly<Record<string, unknown>>): Promise<Program> {
  const kind = parseStackName(stack);
  if (kind.kind === "environment") {
    const { environment } = kind;
    await checkEnvironmentFile(pulumi.getRootDirectory(), environment);
    const overlay = readUserConfig().environments.get(environment);
    const config = parseEnvironmentConfig(environment, values, pulumi.getRootDirectory(), overlay);
    if (config.settings.cloud === "aws") {
      const profile = configuredProfile(pulumi.runtime.allConfig(), `Pulumi.${environment}.yaml`);
      requireProfile(profile, environment, process.env);
    }
    return environmentProgram(config);
  }
  return kind.kind === "entry"
    ? entryProgram(await ownSettings(stack, values, ENTRY))
    : sweepProgram(await ownSettings(stack, values, SWEEP));
}

/** How to read and check the settings of one kind of stack. */
interface Kind<Settings> {
  /** The command that created the stack, for errors. */
  readonly what: string;
  parseValues(values: Readonly<Record<string, unknown>>, where: string): Settings;
  parseFile(text: string, file: string): Settings;
  assertOf(stack: string, settings: Settings, where: string): void;
}

const ENTRY: Kind<EntrySettings> = {
  what: "entry",
  parseValues: parseEntryValues,
  parseFile: parseEntrySettingsFile,
  assertOf: assertSettingsOf,
};

const SWEEP: Kind<SweepSettings> = {
  what: "sweep",
  parseValues: parseSweepValues,
  parseFile: parseSweepSettingsFile,
  assertOf: assertSweepSettingsOf,
};

/** The stack's own configuration, or the file that the command line keeps for it. */
async function ownSettings<Settings>(
  stack: string,
  values: Readonly<Record<string, unknown>>,
  kind: Kind<Settings>,
): Promise<Settings> {
  const inConfig = Object.keys(values).length > 0;
  const where = inConfig ? `the configuration of ${stack}` : entrySettingsPath(stack);
  const settings = inConfig
    ? kind.parseValues(values, where)
    : kind.parseFile(await readSettings(where, stack, kind.what), where);
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
