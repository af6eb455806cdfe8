import { printable } from "./printable.ts";

/*
 * The one place where a name from outside becomes a word of a suggested command. Users paste such commands, so no name may do more than
 * name: no substitution, no pattern, no second command, no option.
 */

/** Words that every shell takes as they are. A leading `=` is a path for zsh. */
const PLAIN = /^(?!=)[\w./:@%+=,-]+$/;

/** A word of a command, quoted where a shell needs it. For a path, use {@link shellPath}. */
export const shellQuoted = (word: string): string => (PLAIN.test(word) ? word : shellString(word));

/** A path as a word of a command: one that begins with `-` is no option. */
export const shellPath = (path: string): string => shellQuoted(path.startsWith("-") ? `./${path}` : path);

/**
 * A word in single quotes. With control characters it is `$'…'`, which bash, zsh, ksh and POSIX (2024) know, so that the terminal
 * gets none of them.
 */
export function shellString(word: string): string {
  if (printable(word) === word) return shellWord(word);
  return `$'${[...word].map(ansiC).join("")}'`;
}

/** A word in single quotes, with any characters: for what a shell evaluates and nobody reads. */
export const shellWord = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** A character between `$'` and `'`. Bytes, unlike `\u`, do not depend on the locale; `!` would be history for an older bash. */
function ansiC(character: string): string {
  if (character === "\\") return "\\\\";
  if (character !== "'" && character !== "!" && printable(character) === character) return character;
  // Octal escapes have three digits at most: a digit that follows is not taken for a part.
  return [...new TextEncoder().encode(character)]
    .map((byte) => `\\${byte.toString(8).padStart(3, "0")}`)
    .join("");
}
