import { shellWord } from "./shell.ts";

const BEGIN = "# Parameters.";
const END = "# End of the parameters.";

/** The template's lines before the example parameters, and its code after them. */
interface Template {
  readonly head: string;
  readonly code: string;
}

/** Splits a shell script at the two comments around its example parameters. */
export function parseTemplate(text: string): Template {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error("the template of the script has no parameters");
  return { head: text.slice(0, begin).trimEnd(), code: compact(text.slice(end + END.length)) };
}

/** Parameters as lines of a shell script: every value is in single quotes, so it is data only. */
export const parameterLines = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${shellWord(value)}\n`)
    .join("");

/** Removes comment lines, empty lines and indentation: an instance's user data have at most 16 KB. */
export const compact = (code: string): string =>
  code
    .split("\n")
    .map((line) => line.trimStart().replace(/^(\w+\(\) \{) # .*$/, "$1"))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .join("\n")
    .concat("\n");
