import { type FlagSpec, optionsOf, type Source, sourceOf } from "./sources.ts";

/** A word that can follow. */
export interface Candidate {
  readonly value: string;
  readonly description?: string | undefined;
}

/** `list`: another value may follow after a comma. `files`: the shell completes the name of a file. */
interface Completion {
  readonly kind: "words" | "list" | "files";
  readonly candidates: readonly Candidate[];
}

/** The parts of oclif's manifest that completion needs. */
export interface CommandTree {
  readonly commands: Readonly<Record<string, CommandSpec>>;
  readonly topics: Readonly<Record<string, { readonly description?: string }>>;
}

interface CommandSpec {
  readonly hidden?: boolean;
  readonly summary?: string;
  readonly args: Readonly<Record<string, ArgSpec>>;
  readonly flags: Readonly<Record<string, CommandFlag>>;
}

interface ArgSpec extends FlagSpec {
  readonly multiple?: boolean;
}

interface CommandFlag extends ArgSpec {
  readonly type: "option" | "boolean";
  readonly char?: string;
  readonly summary?: string;
  readonly hidden?: boolean;
  readonly allowNo?: boolean;
}

/** Reads the values of a source. `environment` is the one that the words name. */
export type ReadValues = (
  source: Exclude<Source, "files" | "region list">,
  environment: string | undefined,
) => Promise<readonly Candidate[]>;

const NONE: Completion = { kind: "words", candidates: [] };

/**
 * Completes the last of `words`.
 * @param words after the program's name, as the user typed them. bash splits `--flag=value` at the `=`
 */
export async function complete(
  tree: CommandTree,
  words: readonly string[],
  read: ReadValues,
): Promise<Completion> {
  const last = words.at(-1) ?? "";
  const current = last === "=" ? "" : last;
  const { id, command, rest } = findCommand(tree, words.slice(0, -1));
  if (command === undefined) {
    const isFlag = current.startsWith("-");
    if (id === undefined || (isFlag && rest.length > 0)) return NONE;
    return matching(isFlag ? globalFlags(id) : nextWords(tree, id), current);
  }
  const { expected, given, environment, count } = parse(command, rest);
  const values = async (spec: FlagSpec, text: string, before: string): Promise<Completion> =>
    valuesFor(sourceOf(id, spec), spec, { text, before, words }, (source) => read(source, environment));
  if (expected !== undefined) return await values(expected, current, "");
  if (given === "arguments only" || !current.startsWith("-")) {
    const args = Object.values(command.args);
    const arg = args[count] ?? (args.at(-1)?.multiple ? args.at(-1) : undefined);
    return arg === undefined ? NONE : await values(arg, current, "");
  }
  const [, name, text] = /^--([\w-]+)=(.*)$/s.exec(current) ?? [];
  if (name === undefined || text === undefined) return matching(flagsOf(command, given), current);
  const flag = command.flags[name];
  return flag?.type === "option" ? await values(flag, text, `--${name}=`) : NONE;
}

/** The command of the words, or the topic that they lead to; `id` is undefined if there is neither. */
function findCommand({ commands }: CommandTree, words: readonly string[]) {
  const all = Object.entries(commands).filter(([, { hidden }]) => hidden !== true);
  let id = "";
  for (const [at, word] of words.entries()) {
    const next = id === "" ? word : `${id}:${word}`;
    const [, command] = all.find(([name]) => name === next) ?? [];
    if (command !== undefined) return { id: next, command, rest: words.slice(at + 1) };
    if (!all.some(([name]) => name.startsWith(`${next}:`))) return { id: undefined, rest: words };
    id = next;
  }
  return { id, rest: [] };
}

/** The words that can follow a topic; `""`: the first words. */
function nextWords({ commands, topics }: CommandTree, topic: string): Candidate[] {
  const prefix = topic === "" ? "" : `${topic}:`;
  const words = new Map<string, string | undefined>();
  for (const [id, { hidden, summary }] of Object.entries(commands)) {
    if (hidden === true || !id.startsWith(prefix)) continue;
    const [word = "", ...more] = id.slice(prefix.length).split(":");
    words.set(word, more.length === 0 ? summary : topics[word]?.description);
  }
  return [...words].map(([value, description]) => ({ value, description }));
}

const HELP: Candidate = { value: "--help", description: "Show help." };
const globalFlags = (topic: string): Candidate[] =>
  topic === "" ? [HELP, { value: "--version", description: "Show the version." }] : [HELP];

interface Parsed {
  /** The flag whose value is the current word. */
  readonly expected: CommandFlag | undefined;
  /** Flags that precede the current word. After `--` there are only arguments. */
  readonly given: ReadonlySet<string> | "arguments only";
  readonly environment: string | undefined;
  /** The number of arguments that precede the current word. */
  readonly count: number;
}

function parse({ flags }: CommandSpec, words: readonly string[]): Parsed {
  const given = new Set<string>();
  let expected: CommandFlag | undefined;
  let environment: string | undefined;
  let count = 0;
  for (const [at, word] of words.entries()) {
    if (expected !== undefined) {
      if (word === "=") continue;
      if (expected.name === "environment") environment = word;
      expected = undefined;
    } else if (word === "--") {
      const others = words.length - at - 1;
      return { expected: undefined, given: "arguments only", environment, count: count + others };
    } else if (/^-./.test(word)) {
      const [name = "", ...value] = word.replace(/^--/, "").split("=");
      const flag = word.startsWith("--")
        ? (flags[name] ?? flags[name.replace(/^no-/, "")])
        : Object.values(flags).find(({ char }) => char === word.slice(1));
      if (flag === undefined) continue;
      given.add(flag.name);
      if (flag.type === "option" && value.length === 0) expected = flag;
      else if (flag.name === "environment") environment = value.join("=");
    } else count += 1;
  }
  return { expected, given, environment, count };
}

const flagsOf = ({ flags }: CommandSpec, given: ReadonlySet<string>): Candidate[] => [
  ...Object.values(flags)
    .filter(({ hidden, name, multiple }) => hidden !== true && (multiple === true || !given.has(name)))
    .flatMap(({ name, summary, description, allowNo }) => {
      const shown = summary ?? description;
      const flag = { value: `--${name}`, description: shown };
      return allowNo === true ? [flag, { value: `--no-${name}`, description: shown }] : [flag];
    }),
  HELP,
];

interface Typed {
  readonly text: string;
  /** `--flag=`, if the word begins with it. */
  readonly before: string;
  readonly words: readonly string[];
}

async function valuesFor(
  source: Source | undefined,
  spec: FlagSpec,
  { text, before, words }: Typed,
  read: (source: Parameters<ReadValues>[0]) => Promise<readonly Candidate[]>,
): Promise<Completion> {
  const prefixed = (candidates: readonly Candidate[], prefix: string): Candidate[] =>
    candidates.map((candidate) => ({ ...candidate, value: `${prefix}${candidate.value}` }));
  const options = optionsOf(spec);
  if (options !== undefined) {
    return matching(
      prefixed(
        options.map((value) => ({ value })),
        before,
      ),
      before + text,
    );
  }
  if (source === undefined) return NONE;
  if (source === "files") return { kind: "files", candidates: [] };
  if (source === "region list") {
    const earlier = text.split(",").slice(0, -1);
    const regions = await read("regions");
    // The result repeats the earlier items, so it must be sure that they are regions.
    if (!earlier.every((item) => regions.some(({ value }) => value === item))) return NONE;
    const left = regions.filter(({ value }) => !earlier.includes(value));
    const prefix = before + earlier.map((item) => `${item},`).join("");
    return { ...matching(prefixed(left, prefix), before + text), kind: "list" };
  }
  const candidates = (await read(source)).filter(({ value }) => value === text || !words.includes(value));
  // Every command accepts the digits of an ID alone.
  const digits = /^[0-9a-f]+$/.test(text)
    ? candidates.filter(({ value }) => digitsOf(value).startsWith(text))
    : [];
  const matches = candidates.filter(({ value }) => value.startsWith(text));
  return { kind: "words", candidates: prefixed(matches.length > 0 ? matches : digits, before) };
}

const digitsOf = (id: string): string => id.slice(id.indexOf("-") + 1);

const matching = (candidates: readonly Candidate[], word: string): Completion => ({
  kind: "words",
  candidates: candidates.filter(({ value }) => value.startsWith(word)),
});
