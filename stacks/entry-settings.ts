import { type EntrySpec, entryStackName, parseEntrySpec } from "../staging/entry.ts";
import type { EnvironmentSettings } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { isRecord } from "../staging/type-guards.ts";
import { environmentCopy, parseEnvironmentCopy } from "./environment-copy.ts";
import { toYaml } from "./yaml.ts";
import { parseYaml } from "./yaml-document.ts";

/** The inputs of the stack of one entry. */
export interface EntrySettings {
  readonly spec: EntrySpec;
  readonly environment: EnvironmentSettings;
  /** ISO time, by region, from which a bucket is writable; undefined if every bucket is writable now. */
  readonly writableAt: Readonly<Record<string, string>> | undefined;
}

/** The stack's configuration values by key, without the prefix `spawn:`. */
const entryValues = ({ spec, environment, writableAt }: EntrySettings) => ({
  entry: spec,
  environment: { ...environmentCopy(environment), ...(writableAt === undefined ? {} : { writableAt }) },
});

/** The settings file of an entry's stack, `Pulumi.<stack>.yaml`. */
export function renderEntrySettings(settings: EntrySettings): string {
  const { entry, environment } = entryValues(settings);
  const config = toYaml({ config: { "spawn:entry": entry, "spawn:environment": environment } });
  return `# Written by spawn for the staging entry ${settings.spec.id}.\n${config}`;
}

/** Reads what {@link renderEntrySettings} wrote. @throws InputError that names `file` and the key */
export function parseEntrySettingsFile(text: string, file: string): EntrySettings {
  const content = parseYaml(text, file);
  const config = isRecord(content) ? content["config"] : undefined;
  if (!isRecord(config)) throw new InputError(`${file} does not hold an entry's settings`);
  return parseEntryValues({ entry: config["spawn:entry"], environment: config["spawn:environment"] }, file);
}

/**
 * Parses the values of an entry's stack, by key without the prefix `spawn:`.
 * @param where named in errors
 * @throws InputError that names the key
 */
export function parseEntryValues(values: Readonly<Record<string, unknown>>, where: string): EntrySettings {
  const unknown = Object.keys(values).find((key) => key !== "entry" && key !== "environment");
  if (unknown !== undefined) {
    throw new InputError(`${where}: spawn:${unknown} is not a known key`, {
      why: "The keys of an entry's stack are spawn:entry and spawn:environment.",
    });
  }
  const spec = parseEntrySpec(values["entry"], `${where}: spawn:entry`);
  const place = `${where}: spawn:environment`;
  const { environment, others } = parseEnvironmentCopy(values["environment"], place, ["writableAt"]);
  return { spec, environment, writableAt: parseTimes(others["writableAt"], `${place}: writableAt`) };
}

/** @throws InputError if the settings belong to another environment or entry than the stack */
export function assertSettingsOf(stack: string, { spec, environment }: EntrySettings, where: string): void {
  const theirs = entryStackName(environment.name, spec.id);
  if (theirs !== stack) {
    throw new InputError(`${where} holds the settings of the stack ${theirs}, not of ${stack}`, {
      why: "With another entry's settings, the stack would delete its own data.",
    });
  }
}

function parseTimes(value: unknown, where: string): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  if (!isRecord(value)) throw new InputError(`${where} must map regions to times`);
  return Object.fromEntries(
    Object.entries(value).map(([region, time]) => {
      if (typeof time !== "string" || Number.isNaN(Date.parse(time))) {
        throw new InputError(`${where}: ${region} is not a time`);
      }
      return [region, time];
    }),
  );
}
