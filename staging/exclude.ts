import ignore from "ignore";
import { InputError } from "./errors.ts";

/** Which paths of a directory are left out. */
export interface Exclusion {
  /** @param path relative to the directory, with `/`; a folder's ends in `/` */
  excludes(path: string): boolean;
}

/**
 * Reads patterns of what to leave out, in the syntax of .gitignore, which also says what wins where several match:
 * https://git-scm.com/docs/gitignore#_pattern_format. Letters count as upper and lower case, hidden files as others.
 * What is below an excluded folder stays out whatever the later patterns say.
 * @throws InputError that names a pattern which matches nothing
 */
export function exclusionOf(patterns: readonly string[]): Exclusion {
  if (patterns.length === 0) return { excludes: () => false };
  const parsed = patterns.map(parseExcludePattern);
  let rules = ignore(OPTIONS).add(parsed);
  let asked = 0;
  return {
    excludes(path) {
      // The library remembers every path that it was asked about.
      if (++asked % FORGET_AFTER === 0) rules = ignore(OPTIONS).add(parsed);
      return rules.ignores(path);
    },
  };
}

/** Keys on S3 can begin with a slash or a dot: they can be left out like others. */
const OPTIONS = { ignorecase: false, allowRelativePaths: true } as const;

const FORGET_AFTER = 10_000;

/** @throws InputError unless the pattern can match something */
export function parseExcludePattern(pattern: string): string {
  const problem = problemOf(pattern);
  if (problem !== undefined) {
    throw new InputError(`the pattern ${JSON.stringify(pattern)} excludes nothing`, {
      why: problem,
      fix: "--exclude '*.tmp'",
    });
  }
  return pattern;
}

function problemOf(pattern: string): string | undefined {
  if (pattern.trim() === "") return "It is empty.";
  if (pattern.startsWith("#")) return "It is a comment; write \\# for a name that starts with #.";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(pattern)) return "It holds a control character; write ? for it.";
  return /(^|[^\\])(\\\\)*\\$/.test(pattern)
    ? "It ends in a backslash, which has nothing to escape."
    : undefined;
}
