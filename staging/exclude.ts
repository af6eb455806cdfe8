import ignore, { type Ignore } from "ignore";
import { InputError } from "./errors.ts";
import { excludePatternOf } from "./exclude-path.ts";
import { parseStoredPattern, type ReadPattern, readPattern, type SourceNames } from "./exclude-pattern.ts";
import { shellString } from "./shell.ts";

/** The excluded paths of a directory. */
export interface Exclusion {
  /** @param path relative to the directory, with `/`; a folder's ends in `/` */
  excludes(path: string): boolean;
  /** Whether a later pattern may keep a path below an excluded folder. */
  mayKeepBelow(folder: string): boolean;
  /**
   * Checks a path below an excluded folder.
   * @throws InputError if a later pattern should keep the path but cannot; the error has the patterns that do
   */
  assertNotKept(path: string): void;
  /** The number of excluded paths; a folder with its content counts once. */
  readonly excluded: number;
  /**
   * Call this after all paths.
   * @returns a warning for each pattern that matched nothing
   * @throws InputError for a pattern that would match in another spelling; the error has that spelling
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
 * Parses exclude patterns in the syntax of .gitignore, which also defines their precedence:
 * https://git-scm.com/docs/gitignore#_pattern_format. Matching is case-sensitive and includes hidden files. Paths
 * below an excluded folder stay excluded, whatever the later patterns. `./x` is `/x`, and an absolute path below the
 * source is its relative form.
 * @throws InputError that names a pattern which cannot match
 */
export function exclusionOf(patterns: readonly string[], names: SourceNames = { locations: [] }): Exclusion {
  return patterns.length === 0 ? NOTHING : new Patterns(patterns, names);
}

/** S3 keys can begin with a slash or a dot, and can be excluded like others. */
const OPTIONS = { ignorecase: false, allowRelativePaths: true } as const;

const FORGET_AFTER = 10_000;

/** One or more rules. The library caches every path, so it is recreated from time to time. */
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

  /** The index of the pattern that excludes the path or a parent folder; undefined if none does. */
  test(path: string): number | undefined {
    if (++this.#asked % FORGET_AFTER === 0) this.#rules = this.#make();
    const { ignored, rule } = this.#rules.test(path);
    return ignored ? Number(rule?.mark ?? 0) : undefined;
  }

  matches(path: string): boolean {
    return this.test(path) !== undefined;
  }
}

/** The matches of a single pattern, whether it excludes or keeps. */
const positive = ({ pattern, keeps }: Pick<ReadPattern, "pattern" | "keeps">): Rules =>
  new Rules([keeps ? pattern.slice(1) : pattern]);

interface Watched {
  readonly read: ReadPattern;
  readonly own: Rules;
  /** The patterns before a keeping pattern. */
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
    if (folder === undefined) return; // it is excluded itself
    const culprit = this.#patterns[by]?.read.given ?? "";
    const wanted = this.#keeping(path, last, by, folder);
    throw new InputError(
      `the pattern ${JSON.stringify(keeper.read.given)} cannot keep ${JSON.stringify(path)}`,
      {
        why: `${JSON.stringify(culprit)} leaves out the folder ${JSON.stringify(folder)}, with all its content.`,
        fix: (spell) =>
          `To keep it: ${spell("exclude", wanted)}. To leave it out, give ${shellString(culprit)} last.`,
      },
    );
  }

  /** The topmost excluded folder above the path. */
  #excludedFolder(path: string): string | undefined {
    return parentsOf(path).find((folder) => this.#rules.matches(folder));
  }

  /** The patterns, extended so that the one with index `keeper` keeps `path`. */
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
        const { other } = read;
        if (otherUsed && other !== undefined) {
          throw new InputError(`the pattern ${quoted} matches nothing in ${this.#where}`, {
            why: "It begins with the directory's own name, and patterns are relative to the directory.",
            fix: (spell) => spell("exclude", other),
          });
        }
        return `the pattern ${quoted} matches nothing in ${this.#where}: it ${read.keeps ? "keeps" : "leaves out"} nothing`;
      });
  }
}

/** The parent folders of a path, topmost first. Each ends in `/`. */
function parentsOf(path: string): string[] {
  const steps = path.replace(/\/$/, "").split("/").slice(0, -1);
  return steps.map((_, at) => `${steps.slice(0, at + 1).join("/")}/`);
}

/** The parent folder of a path; for a top-level path a name that no pattern matches. */
const parentOf = (path: string): string => parentsOf(path).at(-1) ?? "\n";

/**
 * Checks the number of files that a directory or a prefix has after the exclusion.
 * @returns a warning if it never had any
 * @throws InputError if the patterns exclude every file
 */
export function checkFilesLeft(where: string, fileCount: number, exclusion: Exclusion): string[] {
  if (fileCount > 0) return [];
  if (exclusion.excluded === 0) return [`${where} has no files: the entry will be empty`];
  throw new InputError(`the patterns exclude all of ${where}`, {
    why: "No file remains to upload.",
    fix: (spell) =>
      `Remove a pattern. To keep a folder with all its content: ${spell("exclude", ["*", "!/folder/", "!/folder/**"])}`,
  });
}
