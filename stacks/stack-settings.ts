import * as v from "valibot";
import { decode, inputErrorAt, MAPPING } from "../staging/decode.ts";
import {
  DEFAULT_NAME_PREFIX,
  defaultTableName,
  type EnvironmentSettings,
  parseEnvironmentName,
} from "../staging/environment.ts";
import { parseEnvironmentSettings } from "../staging/environment-values.ts";
import { InputError } from "../staging/errors.ts";
import { omitUndefined, undefinedIfEmpty } from "../staging/omit.ts";
import type { StackName } from "../staging/stack-name.ts";
import { isRecord } from "../staging/type-guards.ts";
import { toYaml } from "./yaml.ts";
import { parseYaml } from "./yaml-document.ts";

/** ISO time, by region, from which a bucket is writable; undefined if every bucket is writable now. */
export type Times = Readonly<Record<string, string>> | undefined;

/** The inputs of the stack of one entry or sweep. */
export interface StackSettings<Spec> {
  readonly spec: Spec;
  readonly environment: EnvironmentSettings;
}

/** The settings of one kind of stack: the keys `spawn:<key>` and `spawn:environment` of `Pulumi.<stack>.yaml`. */
export class SettingsOf<Spec extends { readonly id: string }> {
  /** The key of the spec, and the word for the stack's content. */
  readonly key: "entry" | "sweep";
  readonly #parse: (value: unknown, where: string) => Spec;
  readonly #stackOf: (environment: string, spec: Spec) => StackName;
  readonly #danger: string;

  /** @param danger what a stack with the settings of another one does, for errors */
  constructor(
    key: "entry" | "sweep",
    parse: (value: unknown, where: string) => Spec,
    stackOf: (environment: string, spec: Spec) => StackName,
    danger: string,
  ) {
    this.key = key;
    this.#parse = parse;
    this.#stackOf = stackOf;
    this.#danger = danger;
  }

  /** The stack's settings file. */
  render({ spec, environment, writableAt }: StackSettings<Spec> & { readonly writableAt?: Times }): string {
    const copy = { ...environmentCopy(environment), ...omitUndefined({ writableAt }) };
    const config = toYaml({ config: { [`spawn:${this.key}`]: spec, "spawn:environment": copy } });
    return `# Written by spawn for the ${this.key} ${spec.id}.\n${config}`;
  }

  /** Reads the result of {@link render}. @throws InputError that names `file` and the key */
  parseFile(text: string, file: string): StackSettings<Spec> & { readonly writableAt: Times } {
    const { config } = decode(
      v.object({ config: MAPPING }),
      parseYaml(text, file),
      () => new InputError(`${file} does not hold the settings of a stack of this kind: ${this.key}`),
    );
    const { [`spawn:${this.key}`]: spec, "spawn:environment": environment } = config;
    return this.parseValues({ [this.key]: spec, environment }, file);
  }

  /**
   * Parses the values of the stack's configuration, by key without the prefix `spawn:`.
   * @param where named in errors
   * @throws InputError that names the key
   */
  parseValues(
    values: Readonly<Record<string, unknown>>,
    where: string,
  ): StackSettings<Spec> & { readonly writableAt: Times } {
    const unknown = Object.keys(values).find((key) => key !== this.key && key !== "environment");
    if (unknown !== undefined) {
      throw new InputError(`${where}: spawn:${unknown} is not a known key`, {
        why: `The keys of this kind of stack are spawn:${this.key} and spawn:environment.`,
      });
    }
    const spec = this.#parse(values[this.key], `${where}: spawn:${this.key}`);
    const place = `${where}: spawn:environment`;
    const { writableAt, ...copy } = decode(COPY, values["environment"], inputErrorAt(place));
    const others = this.key === "entry" ? copy : { ...copy, ...omitUndefined({ writableAt }) };
    return { spec, environment: parseEnvironmentCopy(others, place), writableAt };
  }

  /** @throws InputError if the settings belong to another environment, entry or sweep than the stack */
  assertOf(stack: string, { spec, environment }: StackSettings<Spec>, where: string): void {
    const actualStack = this.#stackOf(environment.name, spec);
    if (actualStack === stack) return;
    throw new InputError(`${where} holds the settings of the stack ${actualStack}, not of ${stack}`, {
      why: `With the settings of another ${this.key}, the stack would ${this.#danger}.`,
    });
  }
}

/** See the constructor of {@link SettingsOf}. */
export const settingsOf = <Spec extends { readonly id: string }>(
  ...args: ConstructorParameters<typeof SettingsOf<Spec>>
): SettingsOf<Spec> => new SettingsOf(...args);

const COPY = v.pipe(
  MAPPING,
  v.looseObject({
    writableAt: v.optional(
      v.pipe(
        v.custom<object>(isRecord, "must map regions to times"),
        v.record(
          v.string(),
          v.pipe(
            v.string("must be a time"),
            v.check((time) => !Number.isNaN(Date.parse(time)), "is not a time"),
          ),
        ),
      ),
    ),
  }),
);

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
    ...omitUndefined({
      account,
      namePrefix: namePrefix === DEFAULT_NAME_PREFIX ? undefined : namePrefix,
      adopt: undefinedIfEmpty([...adopted]),
      readers: undefinedIfEmpty(readers),
      tableRegion: tableRegion === regions[0] ? undefined : tableRegion,
      sweepsTable: sweepsTable === defaultTableName(environment, "sweepsTable") ? undefined : sweepsTable,
      workersBoundary,
    }),
    ...{ recordsTable, usageTable },
  };
}

/** Reads the result of {@link environmentCopy}. @throws InputError that names `where` and the key */
export function parseEnvironmentCopy(
  copy: Readonly<Record<string, unknown>>,
  where: string,
): EnvironmentSettings {
  const { name, ...values } = decode(
    v.looseObject({ name: v.string("must be a text") }),
    copy,
    inputErrorAt(where),
  );
  return parseEnvironmentSettings(parseEnvironmentName(name), values, where);
}
