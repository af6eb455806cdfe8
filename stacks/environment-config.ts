import { declaredSource } from "../staging/declared-source.ts";
import { type EntrySpec, parseDeclaredEntries } from "../staging/entry.ts";
import { bucketOf, type EnvironmentSettings, parseEnvironmentSettings } from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import type { ConfiguredProfile } from "./aws-config.ts";
import { type EnvironmentOverlay, overlaid } from "./user-config.ts";

/** All that the configuration of an environment says. */
export interface EnvironmentConfig {
  readonly settings: EnvironmentSettings;
  /** The entries that it declares. */
  readonly entries: readonly EntrySpec[];
  /** The AWS profile that it names. */
  readonly profile?: ConfiguredProfile | undefined;
}

/**
 * Parses the configuration of the environment `name`.
 * @param values the values of the keys `spawn:…`, without that prefix
 * @param projectFolder the folder of `Pulumi.yaml`; relative sources count from there
 * @param overlay what the user has configured for this environment, which goes before the values
 * @throws InputError that names the key, or the entry and its key
 */
export function parseEnvironmentConfig(
  name: string,
  values: Readonly<Record<string, unknown>>,
  projectFolder: string,
  overlay?: EnvironmentOverlay,
): EnvironmentConfig {
  const settings = overlaid(parseEnvironmentSettings(name, values), overlay);
  const entries = parseDeclaredEntries(
    name,
    values["entries"],
    (source) => declaredSource(source, projectFolder),
    settings.regions,
  );
  for (const entry of entries) assertBuckets(entry, settings);
  return { settings, entries };
}

function assertBuckets(entry: EntrySpec, settings: EnvironmentSettings): void {
  for (const region of entry.regions) {
    try {
      bucketOf(settings, region);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(
        `Pulumi.${settings.name}.yaml: spawn:entries: item ${entry.declaredAs}: regions is not valid: ${error.message}`,
        { ...(error.why ? { why: error.why } : {}), ...(error.fix ? { fix: error.fix } : {}) },
      );
    }
  }
}
