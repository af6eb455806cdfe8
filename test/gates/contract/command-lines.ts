import type { Command, Interfaces } from "@oclif/core";

type Flag = Interfaces.FlagInput[string];
type Flags = Readonly<Record<string, Flag>>;

/** The command-line contract of one command: one line for its names, each argument and each flag. */
export function commandLines(command: Command.Class): string[] {
  const { aliases = [], hidden, args = {}, enableJsonFlag } = command;
  const flags = Object.entries({ ...command.flags, ...command.baseFlags } as Flags);
  return [
    ...aliases.map((alias) => `alias ${alias.replaceAll(":", " ")}`),
    ...(hidden ? ["hidden"] : []),
    ...(enableJsonFlag ? ["flag --json, boolean"] : []),
    ...Object.entries(args).map(([name, { required, options, default: value }]) =>
      joined(`arg <${name}>`, required && "required", optionsText(options), defaultText(value)),
    ),
    ...flags.map(([name, flag]) => flagLine(name, flag)).sort(),
  ];
}

function flagLine(name: string, flag: Flag): string {
  return joined(
    `flag --${name}`,
    flag.char && `-${flag.char}`,
    flag.type === "boolean" ? "boolean" : "value",
    flag.type === "boolean" && flag.allowNo && "with --no",
    flag.type === "option" && optionsText(flag.options),
    flag.type === "option" && flag.multiple && "repeatable",
    flag.required && "required",
    flag.hidden && "hidden",
    flag.env && `variable ${flag.env}`,
    namesText("alias", flag.aliases),
    namesText("excludes", flag.exclusive),
    namesText("needs", flag.dependsOn),
    namesText("exactly one of", flag.exactlyOne),
    defaultText(flag.default),
  );
}

const joined = (...parts: readonly (string | false | undefined)[]): string =>
  parts.filter((part) => part !== undefined && part !== false && part !== "").join(", ");

const optionsText = (options: readonly string[] | undefined): string | undefined =>
  options && `one of ${options.join("|")}`;

const namesText = (word: string, names: readonly unknown[] | undefined): string | undefined =>
  names && `${word} ${names.join("|")}`;

/** A default that is a function depends on the user's configuration. */
function defaultText(value: unknown): string | undefined {
  if (value === undefined || value === false) return undefined;
  return typeof value === "function" ? "default from configuration" : `default ${JSON.stringify(value)}`;
}
