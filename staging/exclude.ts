import ignore, { type Ignore } from "ignore";
import { InputError } from "./errors.ts";
import { excludePatternOf } from "./exclude-path.ts";
import { parseStoredPattern, type ReadPattern, readPattern, type SourceNames } from "./exclude-pattern.ts";
import { shellString } from "./shell.ts";

/** Which paths of a directory are left out. */
export interface Exclusion {
  /** @param path relative to the directory, with `/`; a folder's ends in `/` */
  excludes(path: string): boolean;
  /** Whether something below an excluded folder may be what a later pattern is to keep. */
  mayKeepBelow(folder: string): boolean;
  /**
   * Looks at a path below an excluded folder.
   * @throws InputError for one that a later pattern is to keep, which it cannot: the error has the patterns that do
   */
  assertNotKept(path: string): void;
  /** How many paths were left out, a folder with all that is in it counted once. */
  readonly excluded: number;
  /**
   * To be called when every path has been looked at.
   * @returns a warning for each pattern that has matched nothing
   * @throws InputError for one that would have matched, were it written in another way: the error has that way
   */
  finish(): string[];
}

const NOTHING: Exclusion = {
  excludes: () => false,
  mayKeepBelow: () => false,
  assertNotKept: () => undefined,
  excluded: 0,
  finish: () => [],
};

/**
 * Reads patterns of what to leave out, in the syntax of .gitignore, which also says what wins where several match:
 * https://git-scm.com/docs/gitignore#_pattern_format. Letters count as upper and lower case, hidden files as others.
 * What is below an excluded folder stays out whatever the later patterns say. `./x` is `/x`, and an absolute path below the
 * source is its relative form.
 * @throws InputError that names a pattern which matches nothing
 */
export function exclusionOf(patterns: readonly string[], names: SourceNames = { locations: [] }): Exclusion {
  return patterns.length === 0 ? NOTHING : new Patterns(patterns, names);
}

/** Keys on S3 can begin with a slash or a dot: they can be left out like others. */
const OPTIONS = { ignorecase: false, allowRelativePaths: true } as const;

const FORGET_AFTER = 10_000;

/** One rule or several. The library remembers every path that it was asked about, so it is made anew from time to time. */
class Rules {
  readonly #patterns: readonly { readonly pattern: string; readonly mark: string }[];
  #rules: Ignore;
  #asked = 0;

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern, index) => ({ pattern, mark: String(index) }));
    this.#rules = this.#make();
  }

  #make(): Ignore {
    return ignore(OPTIONS).add(this.#patterns);
  }

  /** The index of the pattern that leaves the path, or a folder above it, out; undefined where none does. */
  test(path: string): number | undefined {
    if (++this.#asked % FORGET_AFTER === 0) this.#rules = this.#make();
    const { ignored, rule } = this.#rules.test(path);
    return ignored ? Number(rule?.mark ?? 0) : undefined;
  }

  matches(path: string): boolean {
    return this.test(path) !== undefined;
  }
}

/** What a pattern matches by itself, whether it leaves out or keeps. */
const positive = ({ pattern, keeps }: Pick<ReadPattern, "pattern" | "keeps">): Rules =>
  new Rules([keeps ? pattern.slice(1) : pattern]);

interface Watched {
  readonly read: ReadPattern;
  readonly own: Rules;
  /** Of a pattern that keeps: those before it. */
  readonly before: Rules | undefined;
  readonly other: Rules | undefined;
  used: boolean;
  otherUsed: boolean;
}

class Patterns implements Exclusion {
  excluded = 0;
  readonly #rules: Rules;
  readonly #patterns: readonly Watched[];
  readonly #where: string;

  constructor(patterns: readonly string[], names: SourceNames) {
    const read = patterns.map((pattern) => readPattern(parseStoredPattern(pattern), names));
    const texts = read.map(({ pattern }) => pattern);
    this.#where = names.locations[0] ?? "the directory";
    this.#rules = new Rules(texts);
    this.#patterns = read.map((each, index) => ({
      read: each,
      own: positive(each),
      before: each.keeps ? new Rules(texts.slice(0, index)) : undefined,
      other: each.other === undefined ? undefined : positive({ ...each, pattern: each.other }),
      used: false,
      otherUsed: false,
    }));
  }

  excludes(path: string): boolean {
    for (const pattern of this.#patterns) {
      if (pattern.used) continue;
      pattern.used = pattern.own.matches(path) && pattern.before?.matches(path) !== false;
      if (!pattern.used && !pattern.otherUsed) pattern.otherUsed = pattern.other?.matches(path) ?? false;
    }
    const isOut = this.#rules.matches(path);
    if (isOut) this.excluded += 1;
    return isOut;
  }

  mayKeepBelow(folder: string): boolean {
    const by = this.#rules.test(folder);
    return by !== undefined && this.#patterns.some(({ read }, index) => read.keeps && index > by);
  }

  assertNotKept(path: string): void {
    const by = this.#rules.test(path);
    const last = this.#patterns.findLastIndex(({ own, read }) =>
      read.keeps ? own.matches(path) && !own.matches(parentOf(path)) : own.matches(path),
    );
    const keeper = this.#patterns[last];
    if (by === undefined || keeper === undefined || !keeper.read.keeps) return;
    const folder = this.#excludedFolder(path);
    if (folder === undefined) return; // it is left out by itself
    const culprit = this.#patterns[by]?.read.given ?? "";
    const wanted = this.#keeping(path, last, by, folder);
    throw new InputError(
      `the pattern ${JSON.stringify(keeper.read.given)} cannot keep ${JSON.stringify(path)}`,
      {
        why: `${JSON.stringify(culprit)} leaves out the folder ${JSON.stringify(folder)}, and with it all that is in it.`,
        fix: `To keep it: ${wanted.map((pattern) => `--exclude ${shellString(pattern)}`).join(" ")}. To leave it out, give ${shellString(culprit)} last.`,
      },
    );
  }

  /** The topmost folder above the path that is left out. */
  #excludedFolder(path: string): string | undefined {
    return parentsOf(path).find((folder) => this.#rules.matches(folder));
  }

  /** The patterns, completed so that the one with index `keeper` keeps `path`. */
  #keeping(path: string, keeper: number, culprit: number, folder: string): string[] {
    const given = this.#patterns.map(({ read }) => read.pattern);
    const pattern = given[keeper] ?? "";
    const leavesAllOut = /^\*\*?$/.test(given[culprit] ?? "");
    const isAnchored = pattern.slice(1, -1).includes("/");
    const top = excludePatternOf(folder.slice(0, -1));
    const folders = !leavesAllOut
      ? [`!${top}/`, `${top}/**`, `!${top}/**/`]
      : isAnchored
        ? parentsOf(path).map((parent) => `!${excludePatternOf(parent)}`)
        : ["!*/"];
    const below = path.endsWith("/") ? [`${pattern.replace(/\/$/, "")}/**`] : [];
    return [...given.slice(0, keeper), ...folders, pattern, ...below, ...given.slice(keeper + 1)];
  }

  finish(): string[] {
    return this.#patterns
      .filter(({ used }) => !used)
      .map(({ read, otherUsed }) => {
        const quoted = JSON.stringify(read.given);
        if (otherUsed && read.other !== undefined) {
          throw new InputError(`the pattern ${quoted} matches nothing in ${this.#where}`, {
            why: "It begins with the directory's own name, and patterns are relative to the directory.",
            fix: `--exclude ${shellString(read.other)}`,
          });
        }
        return `the pattern ${quoted} matches nothing in ${this.#where}: it ${read.keeps ? "keeps" : "leaves out"} nothing`;
      });
  }
}

/** The folders above a path, the topmost first. Each ends in `/`. */
function parentsOf(path: string): string[] {
  const steps = path.replace(/\/$/, "").split("/").slice(0, -1);
  return steps.map((_, at) => `${steps.slice(0, at + 1).join("/")}/`);
}

/** The folder that a path is in; of one at the top something that no pattern matches. */
const parentOf = (path: string): string => parentsOf(path).at(-1) ?? "\n";

/** @throws InputError if the patterns exclude every file */
export function refuseNothingLeft(where: string, fileCount: number, exclusion: Exclusion): void {
  if (fileCount > 0 || exclusion.excluded === 0) return;
  throw new InputError(`nothing is left of ${where} to upload`, {
    why: "The patterns of --exclude leave out every file in it.",
    fix: "Leave a pattern out. To keep a folder with all that is in it: --exclude '*' --exclude '!/folder/' --exclude '!/folder/**'",
  });
}
