import { shellString } from "./shell.ts";

/**
 * An option of an entry, by its key in an item of `spawn:entries`. The component has inputs of the same names. `prices` is a setting.
 */
export type Option =
  | "allowAccounts"
  | "bandwidthLimit"
  | "dest"
  | "exclude"
  | "filename"
  | "followLinks"
  | "multipart"
  | "noSha256"
  | "prices"
  | "regions"
  | "replication"
  | "requestPayer"
  | "timeout"
  | "ttl";

type Value = string | number | true | readonly string[];

/** Writes an option, or an option with a value, as one interface takes it. */
export type Spelling = (option: Option, value?: Value) => string;

/** A command of spawn for the user, without its environment, as {@link Words} give it. The result names the environment if necessary. */
export type CommandText = (command: string) => string;

/**
 * Text of an error. A function names options in the spelling of the interface that shows it, and commands with the environment in which
 * the error occurred.
 */
export type Words = string | ((spell: Spelling, command: CommandText) => string);

export const inWords = (words: Words, spelling: Spelling, command: CommandText): string =>
  typeof words === "string" ? words : words(spelling, command);

/** `--allow-accounts`: a flag of the command line. */
export const asFlag: Spelling = (option, value = true) => {
  const name =
    option === "filename" ? "name" : option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (value === true) return `--${name}`;
  if (option === "exclude") {
    const patterns = typeof value === "object" ? value : [String(value)];
    return patterns.map((pattern) => `--${name} ${shellString(pattern)}`).join(" ");
  }
  return `--${name} ${typeof value === "object" ? value.join(",") : value}`;
};

const LISTS: ReadonlySet<Option> = new Set(["allowAccounts", "exclude", "regions"]);

/** `allowAccounts: ["123456789012"]`: a key of an item of `spawn:entries`, or an input of the component. */
export const asKey: Spelling = (option, value) => {
  if (value === undefined) return option;
  if (!LISTS.has(option)) return `${option}: ${value}`;
  const items = typeof value === "object" ? value : [String(value)];
  return `${option}: [${items.map(item).join(", ")}]`;
};

/** An item of a list in YAML: a plain word needs no quotes. */
const item = (text: string): string => (/^[a-z][\w-]*$/.test(text) ? text : JSON.stringify(text));
