import {
  DEFAULT_NAME_PREFIX,
  defaultTableName,
  type EnvironmentSettings,
  parseEnvironmentName,
  parseEnvironmentSettings,
} from "../staging/environment.ts";
import { InputError } from "../staging/errors.ts";
import { isRecord } from "../staging/type-guards.ts";

/**
 * The copy of an environment's settings in the stack of an entry or a sweep. A lookup in the environment's stack
 * would take the engine a quarter of a second.
 */
export function environmentCopy(environment: EnvironmentSettings) {
  const { name, cloud, account, regions, namePrefix, buckets, adopted, readers } = environment;
  const { tableRegion, recordsTable, usageTable, sweepsTable, workersBoundary } = environment;
  return {
    ...{ name, cloud, regions, buckets: Object.fromEntries(buckets) },
    // Only non-default values, because other versions of this program do not support the keys.
    ...(account === undefined ? {} : { account }),
    ...(namePrefix === DEFAULT_NAME_PREFIX ? {} : { namePrefix }),
    ...(adopted.size === 0 ? {} : { adopt: [...adopted] }),
    ...(readers.length === 0 ? {} : { readers }),
    ...(tableRegion === regions[0] ? {} : { tableRegion }),
    ...{ recordsTable, usageTable },
    ...(sweepsTable === defaultTableName(environment, "sweepsTable") ? {} : { sweepsTable }),
    ...(workersBoundary === undefined ? {} : { workersBoundary }),
  };
}

/**
 * Reads the result of {@link environmentCopy}.
 * @param where named in errors
 * @param otherKeys keys beside those of the environment
 * @returns the settings, and the values of the other keys
 * @throws InputError that names the key
 */
export function parseEnvironmentCopy(
  value: unknown,
  where: string,
  otherKeys: readonly string[] = [],
): { environment: EnvironmentSettings; others: Readonly<Record<string, unknown>> } {
  if (!isRecord(value)) throw new InputError(`${where} is missing`);
  const { name, ...all } = value;
  if (typeof name !== "string") throw new InputError(`${where}: name is missing`);
  const isOther = ([key]: [string, unknown]) => otherKeys.includes(key);
  const values = Object.fromEntries(Object.entries(all).filter((entry) => !isOther(entry)));
  const others = Object.fromEntries(Object.entries(all).filter(isOther));
  return { environment: parseEnvironmentSettings(parseEnvironmentName(name), values, where), others };
}
