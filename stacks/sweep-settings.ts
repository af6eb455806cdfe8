import type { EnvironmentSettings } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { sweepStackName } from "../staging/sweep/id.ts";
import type { SweepSpec } from "../staging/sweep/spec.ts";
import { parseSweepSpec } from "../staging/sweep/spec-parser.ts";
import { isRecord } from "../staging/type-guards.ts";
import { environmentCopy, parseEnvironmentCopy } from "./environment-copy.ts";
import { toYaml } from "./yaml.ts";
import { parseYaml } from "./yaml-document.ts";

/** The inputs of the stack of one sweep. */
export interface SweepSettings {
  readonly spec: SweepSpec;
  readonly environment: EnvironmentSettings;
}

/** The settings file of a sweep's stack, `Pulumi.<stack>.yaml`. */
export function renderSweepSettings({ spec, environment }: SweepSettings): string {
  const config = toYaml({
    config: { "spawn:sweep": spec, "spawn:environment": environmentCopy(environment) },
  });
  return `# Written by spawn for the sweep ${spec.id}.\n${config}`;
}

/** Reads what {@link renderSweepSettings} wrote. @throws InputError that names `file` and the key */
export function parseSweepSettingsFile(text: string, file: string): SweepSettings {
  const content = parseYaml(text, file);
  const config = isRecord(content) ? content["config"] : undefined;
  if (!isRecord(config)) throw new InputError(`${file} does not hold a sweep's settings`);
  return parseSweepValues({ sweep: config["spawn:sweep"], environment: config["spawn:environment"] }, file);
}

/**
 * Parses the values of a sweep's stack, by key without the prefix `spawn:`.
 * @param where named in errors
 * @throws InputError that names the key
 */
export function parseSweepValues(values: Readonly<Record<string, unknown>>, where: string): SweepSettings {
  const unknown = Object.keys(values).find((key) => key !== "sweep" && key !== "environment");
  if (unknown !== undefined) {
    throw new InputError(`${where}: spawn:${unknown} is not a known key`, {
      why: "The keys of a sweep's stack are spawn:sweep and spawn:environment.",
    });
  }
  const spec = parseSweepSpec(values["sweep"], `${where}: spawn:sweep`);
  const { environment } = parseEnvironmentCopy(values["environment"], `${where}: spawn:environment`);
  return { spec, environment };
}

/** @throws InputError if the settings belong to another environment or sweep than the stack */
export function assertSweepSettingsOf(
  stack: string,
  { spec, environment }: SweepSettings,
  where: string,
): void {
  const theirs = sweepStackName(environment.name, spec.id);
  if (theirs !== stack) {
    throw new InputError(`${where} holds the settings of the stack ${theirs}, not of ${stack}`, {
      why: "With another sweep's settings, the stack would end its own workers.",
    });
  }
}
