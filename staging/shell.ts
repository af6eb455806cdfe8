import { printable } from "./printable.ts";

/**
 * The only module that quotes an untrusted name for a suggested command. Users paste such commands, so a name must
 * stay one word: no substitution, pattern, second command or option.
 */

/** Words that need no quotes in any shell. zsh expands a leading `=`. */
const PLAIN = /^(?!=)[\w./:@%+=,-]+$/;

/** A word of a command, quoted if a shell needs it. For a path, use {@link shellPath}. */
export const shellQuoted = (word: string): string => (PLAIN.test(word) ? word : shellString(word));

/** A path as a word of a command: a leading `-` does not make it an option. */
export const shellPath = (path: string): string => shellQuoted(path.startsWith("-") ? `./${path}` : path);

/**
 * A word in single quotes. With control characters it is `$'…'`, which bash, zsh, ksh and POSIX (2024) support, so
 * that the terminal receives none.
 */
export function shellString(word: string): string {
  if (printable(word) === word) return shellWord(word);
  return `$'${[...word].map(ansiC).join("")}'`;
}

/** A word in single quotes with any characters, for text that only a shell reads. */
export const shellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A character between `$'` and `'`. Unlike `\u`, bytes do not depend on the locale; an older bash would expand `!`. */
function ansiC(character: string): string {
  if (character === "\\") return "\\\\";
  if (character !== "'" && character !== "!" && printable(character) === character) return character;
  // Octal escapes have at most three digits, so a following digit is not part of one.
  return [...new TextEncoder().encode(character)]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
    .join("");
}
