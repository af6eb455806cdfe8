import { Args, Flags } from "@oclif/core";
import { readUserConfig, type SettingKey, type UserSettings } from "../stacks/user-config.ts";
import { InputError } from "../staging/errors.ts";
import { PRICE_BOOK_NAMES } from "../staging/price-book.ts";
import { DEFAULT_SETTINGS } from "./defaults.ts";
import type { CsvForm } from "./render/csv.ts";

/**
 * The default of a configurable flag: the value of `key` in the user's config, or the program's default. A variable that the flag
 * reads (`env`) takes precedence over both.
 * @example Flags.string({ summary: "…", ...configured("staging.ttl") })
 */
export function configured<K extends SettingKey>(key: K) {
  return {
    default: async (): Promise<UserSettings[K]> => readUserConfig().settings[key] ?? DEFAULT_SETTINGS[key],
    // Help is generated at build time, so it cannot contain the user's own settings.
    defaultHelp: async (): Promise<string> => `${DEFAULT_SETTINGS[key]}, or ${key} of spawn config`,
  };
}

/** The parsed value of an optional flag. */
export const ifGiven = <V, T>(value: V | undefined, parse: (value: V) => T): T | undefined =>
  value === undefined ? undefined : parse(value);

/** Output formats of `list` and `info`. */
export const FORMATS = ["table", "json", "yaml"] as const;

/** `--format`: json and yaml print the metadata without the envelope of `--json`. */
export const formatFlag = Flags.option({
  options: FORMATS,
  default: "table",
  summary: "Output format: a table, or a format for programs.",
  description: "json and yaml print the metadata; --json adds an envelope with a status and warnings.",
  helpValue: FORMATS.join("|"),
  exclusive: ["json"],
});

/** Output formats of lists. */
export const LIST_FORMATS = [...FORMATS, "csv"] as const;

/** `--format` of lists. */
export const listFormatFlag = Flags.option({
  options: LIST_FORMATS,
  default: "table",
  summary: "Output format: a table, or a format for programs.",
  helpValue: LIST_FORMATS.join("|"),
  exclusive: ["json"],
});

/** A flag that may be repeated, each time with one value. */
export const REPEATABLE = { multiple: true, multipleNonGreedy: true } as const;

/** `--yes`: for scripts, which cannot answer a prompt. */
export const yesFlag = Flags.boolean({
  char: "y",
  default: false,
  summary: "Skip the confirmation prompt.",
});

/** `--raw`: for CSV. */
export const rawFlag = Flags.boolean({
  default: false,
  summary: "Print the exact text of CSV cells, for programs.",
  description:
    "Without it, CSV is safe to open in a spreadsheet: text that would be a formula (it starts with =, +, - or @) gets a leading apostrophe, and control characters become escapes such as \\n.",
});

/** @throws InputError if `--raw` is set for a format other than CSV */
export function csvForm(raw: boolean, format: string): CsvForm {
  if (raw && format !== "csv") {
    throw new InputError("--raw is for CSV only", {
      why: "JSON and YAML always contain the exact text.",
      fix: "--format csv --raw",
    });
  }
  return raw ? "raw" : "spreadsheet";
}

/** `--prices`: the price book of costs. */
export const pricesFlag = Flags.option({
  options: PRICE_BOOK_NAMES,
  ...configured("prices"),
  summary: "Price book: the guide's prices, or AWS's list prices.",
  helpValue: PRICE_BOOK_NAMES.join("|"),
});

/** The argument of commands on one entry. */
export const stagingIdArg = Args.string({
  required: true,
  description: "ID of the entry, such as stage-abc123def456, or its first digits, such as abc1.",
});

/** The argument of commands on one sweep. */
export const sweepIdArg = Args.string({
  required: true,
  description: "ID of the sweep, such as sweep-abc123def456, or its first digits, such as abc1.",
});
