/** The parts of oclif's manifest that the page shows. */
export interface Manifest {
  readonly commands: Readonly<Record<string, Command>>;
}

interface Command {
  readonly id: string;
  readonly hidden?: boolean;
  readonly summary?: string;
  readonly description?: string;
  readonly args: Readonly<Record<string, Named>>;
  readonly flags: Readonly<Record<string, Flag>>;
  readonly examples?: readonly { readonly description: string; readonly command: string }[];
}

interface Named {
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly hidden?: boolean;
}

interface Flag extends Named {
  readonly summary?: string;
  readonly char?: string;
  readonly type: "boolean" | "option";
  readonly helpValue?: string;
  readonly helpGroup?: string;
  readonly default?: unknown;
  readonly options?: readonly string[];
  readonly allowNo?: boolean;
}

/** The page `docs/cli.md`: every command with its arguments, flags and examples. */
export function commandsText({ commands }: Manifest): string {
  const shown = Object.values(commands)
    .filter(({ hidden }) => hidden !== true)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const index = shown.map(
    ({ id, summary = "" }) => `- [\`${title(id)}\`](#${title(id).replaceAll(" ", "-")}): ${plain(summary)}`,
  );
  return `# Commands

Written by \`node scripts/cli-docs.ts\`; do not edit. \`spawn COMMAND --help\` prints the same.

${index.join("\n")}

Flags of every command: \`--environment NAME\` (default \`dev\`), \`--json\`, \`--verbose\`, \`--help\`.

${shown.map(section).join("\n")}`;
}

function section({ id, summary = "", description, args, flags, examples = [] }: Command): string {
  const names = Object.values(args).filter(({ hidden }) => hidden !== true);
  const usage = names.map(({ name, required }) =>
    required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  );
  const rows = [
    ...names.map((arg) => row(`\`${arg.name.toUpperCase()}\``, arg.description ?? "")),
    ...Object.values(flags)
      .filter(({ helpGroup, hidden }) => helpGroup !== "GLOBAL" && hidden !== true)
      .map(flagRow),
  ];
  const parts = [
    `## ${title(id)}`,
    plain(summary),
    ...(description === undefined ? [] : [plain(description)]),
    `\`\`\`\n${[title(id), ...usage].join(" ")}\n\`\`\``,
    ...(rows.length === 0 ? [] : [`| | |\n|---|---|\n${rows.join("\n")}`]),
    ...(examples.length === 0 ? [] : [`\`\`\`bash\n${examples.map(exampleText).join("\n")}\n\`\`\``]),
  ];
  return `${parts.join("\n\n")}\n`;
}

function flagRow(flag: Flag): string {
  const { name, char, type, helpValue, allowNo, options, default: value } = flag;
  const word = `--${allowNo === true ? "[no-]" : ""}${name}`;
  const shape =
    type === "boolean" ? word : `${word} ${helpValue ?? (options?.join("|") || name.toUpperCase())}`;
  const text = [
    flag.summary ?? flag.description ?? "",
    flag.summary === undefined ? "" : (flag.description ?? ""),
  ];
  const isSaid = value === undefined || value === false || typeof value === "object";
  return row(
    `\`${char === undefined ? "" : `-${char}, `}${shape.replaceAll("|", "\\|")}\``,
    [...text, isSaid ? "" : `Default: ${String(value)}.`].filter((part) => part !== "").join(" "),
  );
}

const row = (name: string, text: string): string =>
  `| ${name} | ${plain(text).replaceAll("\n", " ").replaceAll("|", "\\|")} |`;

const exampleText = ({ description, command }: { description: string; command: string }): string =>
  `# ${plain(description)}\n${plain(command)}`;

const title = (id: string): string => `spawn ${id.replaceAll(":", " ")}`;

const plain = (text: string): string => text.replaceAll("<%= config.bin %>", "spawn").trim();
