import { InputError } from "./errors.ts";
import { excludePatternOf } from "./exclude-path.ts";

/** One exclude pattern. Its syntax is that of .gitignore, with common spellings of paths. */

/** The names of the source in a pattern. */
export interface SourceNames {
  /** Absolute paths or an `s3://` URL of the source, without a slash at the end. */
  readonly locations: readonly string[];
  /** The value of `~` for a source on this machine. */
  readonly home?: string | undefined;
}

/** A pattern in the syntax of .gitignore, relative to the source. */
export interface ReadPattern {
  /** The original text. */
  readonly given: string;
  /** The effective pattern. */
  readonly pattern: string;
  /** Whether it keeps paths that an earlier pattern leaves out. */
  readonly keeps: boolean;
  /** Another possible meaning: a pattern that begins with the source's own name. */
  readonly other?: string;
}

/** @throws InputError if the pattern cannot match, or is ambiguous */
export function parseExcludePattern(pattern: string): string {
  const refuse = (what: string, { why, fix }: Problem): never => {
    throw new InputError(`the pattern ${JSON.stringify(pattern)} ${what}`, {
      why,
      fix: (spell) => spell("exclude", fix),
    });
  };
  const problem = problemOf(pattern);
  if (problem !== undefined) return refuse("excludes nothing", problem);
  const ambiguity = ambiguityOf(pattern);
  return ambiguity === undefined ? pattern : refuse("is ambiguous", ambiguity);
}

/** The same for a pattern that an earlier version accepted. @throws InputError if it cannot match */
export function parseStoredPattern(pattern: string): string {
  const problem = problemOf(pattern);
  if (problem === undefined) return pattern;
  throw new InputError(`the pattern ${JSON.stringify(pattern)} excludes nothing`, { why: problem.why });
}

interface Problem {
  readonly why: string;
  /** The suggested pattern. */
  readonly fix: string;
}

const ANY = "*.tmp";

function problemOf(pattern: string): Problem | undefined {
  if (pattern.trim() === "") return { why: "It is empty.", fix: ANY };
  if (pattern.startsWith("#")) {
    return { why: "It is a comment; write \\# for a name that starts with #.", fix: `\\${pattern}` };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const CONTROL = /[\u0000-\u001f\u007f]/g;
  if (CONTROL.test(pattern)) {
    return { why: "It contains a control character; write ? for it.", fix: pattern.replace(CONTROL, "?") };
  }
  return /(^|[^\\])(\\\\)*\\$/.test(pattern)
    ? { why: "It ends in a backslash, which has nothing to escape.", fix: pattern.slice(0, -1) || ANY }
    : undefined;
}

/** Patterns that .gitignore reads differently from their author, or ignores. */
function ambiguityOf(pattern: string): Problem | undefined {
  if (/(^|[^\\])(\\\\)* $/.test(pattern)) {
    const why = `It ends in a space, which .gitignore ignores; write ${JSON.stringify(`${pattern.slice(0, -1)}\\ `)} for a name that ends in a space.`;
    return { why, fix: pattern.trimEnd() };
  }
  if (/(^|[^\\])(\\\\)*\\[A-Za-z0-9_]/.test(pattern)) {
    return { why: "Folders are separated by /, not by a backslash.", fix: pattern.replaceAll("\\", "/") };
  }
  const [sign, path] = signOf(pattern);
  if (!path.startsWith("/") && /(^|\/)\.\.(\/|$)/.test(path)) {
    const after = path.replace(/^.*(^|\/)\.\.(\/|$)/, "");
    const why =
      "It contains .., and a pattern cannot leave the directory: patterns are relative to the uploaded directory.";
    return { why, fix: `${sign}${after === "" ? ANY : `/${after}`}` };
  }
  if (/^(\/|\.[./]*)$/.test(path)) {
    return { why: "It names the directory itself.", fix: `${sign}/folder/` };
  }
  return undefined;
}

/** Parses a pattern relative to its source. */
export function readPattern(given: string, names: SourceNames): ReadPattern {
  const [sign, path] = signOf(given);
  const relative = belowSource(path, names) ?? fromTop(path, names);
  const other = withoutOwnName(relative, names);
  return {
    given,
    pattern: sign + relative,
    keeps: sign === "!",
    ...(other === undefined ? {} : { other: sign + other }),
  };
}

const signOf = (pattern: string): ["!" | "", string] =>
  pattern.startsWith("!") ? ["!", pattern.slice(1)] : ["", pattern];

/** The part of an absolute path or URL below the source, with a leading `/`. */
function belowSource(path: string, { locations, home }: SourceNames): string | undefined {
  const absolute = home !== undefined && path.startsWith("~/") ? home + path.slice(1) : path;
  for (const location of locations) {
    for (const spelled of [location, excludePatternOf(location).slice(1)]) {
      if (!absolute.startsWith(`${spelled}/`)) continue;
      const below = absolute.slice(spelled.length).replace(/\/(\.?\/)+/g, "/");
      if (below !== "/") return below;
    }
  }
  return undefined;
}

/** `./x` is `/x`, and on this machine `a//b` or `a/./b` is `a/b`. */
function fromTop(path: string, { home }: SourceNames): string {
  // In S3 they are separate keys.
  if (home === undefined) return path.replace(/^(\.\/)+/, "/");
  const plain = path.replace(/\/(\.?\/)+/g, "/");
  return plain.startsWith("./") ? plain.slice(1) : plain;
}

/** `d/x` for a source named `d`, or `parent/d/x`, as other tools expect: `/x`. */
function withoutOwnName(path: string, { locations }: SourceNames): string | undefined {
  const steps = path.replace(/^\//, "").split("/");
  for (const location of locations) {
    const own = location
      .replace(/^s3:\/\//, "")
      .split("/")
      .filter((step) => step !== "");
    for (let count = 1; count <= own.length; count += 1) {
      const tail = own.slice(-count);
      const rest = steps.slice(count);
      if (rest.join("") === "" || !tail.every((step, at) => step === steps[at])) continue;
      return `/${rest.join("/")}`;
    }
  }
  return undefined;
}
