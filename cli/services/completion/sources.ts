/** The values of a flag or an argument that a shell completes. */
export type Source =
  | "entries"
  | "environments"
  | "files"
  | "region list"
  | "regions"
  | "settings"
  | "sweeps"
  | "unfinished entries";

/** A flag or an argument in oclif's manifest. */
export interface FlagSpec {
  readonly name: string;
  readonly description?: string;
  readonly options?: readonly string[];
  readonly helpValue?: string;
}

const BY_NAME: Readonly<Record<string, Source>> = {
  environment: "environments",
  exclude: "files",
  key: "settings",
  "local-path": "files",
  output: "files",
  params: "files",
  path: "files",
  region: "regions",
  regions: "region list",
  "stage-id": "entries",
  "staging-id": "entries",
};

/** Names that mean something else in one command. The flag `--sweep-id` is a label that the user chooses. */
const BY_COMMAND: Readonly<Record<string, Readonly<Record<string, Source>>>> = {
  launch: { resume: "sweeps" },
  "stage:resume": { "staging-id": "unfinished entries" },
};

/** The options of a flag or an argument; some flags have them only in their help, such as `rule|copy`. */
export const optionsOf = ({ options, helpValue = "" }: FlagSpec): readonly string[] | undefined =>
  options ?? (/^[a-z]+(\|[a-z]+)+$/.test(helpValue) ? helpValue.split("|") : undefined);

/** The source of a flag's or an argument's values, besides its options. Undefined for free text and numbers. */
export function sourceOf(command: string, { name }: FlagSpec): Source | undefined {
  const own = BY_COMMAND[command]?.[name];
  if (own !== undefined) return own;
  if (name === "sweep-id" && command.startsWith("sweep:")) return "sweeps";
  return Object.hasOwn(BY_NAME, name) ? BY_NAME[name] : undefined;
}
