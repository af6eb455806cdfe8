import { InputError } from "./errors.ts";
import { MANIFEST_NAME } from "./manifest.ts";
import type { Words } from "./option.ts";

/** The limit of instances' file systems for one name. */
const MAX_NAME_BYTES = 255;

/** @throws InputError if S3 can store `filename` but not list it */
export function refuseControlCharacters(filename: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\u0000-\u001f\u007f]/.test(filename)) {
    throw new InputError(`the file name ${JSON.stringify(filename)} contains a control character`, {
      why: "S3 lists its keys as XML, which cannot hold it.",
      fix: "Rename the file.",
    });
  }
}

/** Parses the name of staged data. @throws InputError if it is not a valid file name on every system */
export function parseFilename(text: string): string {
  refuseControlCharacters(text);
  const problem = problemOf(text);
  if (problem === undefined) return text;
  throw new InputError(`${JSON.stringify(text)} cannot be the name of staged data`, {
    why: problem,
    fix: "Choose a name without a path, such as reference.fasta.",
  });
}

function problemOf(name: string): Words | undefined {
  if (name === "") return "It is empty.";
  if (name.includes("/"))
    return (spell) => `It has a slash; ${spell("dest")} sets the path on the instances.`;
  if (name === "." || name === "..") return "It stands for a folder.";
  if (name === MANIFEST_NAME) return "The entry's manifest has that name.";
  const bytes = Buffer.byteLength(name);
  return bytes > MAX_NAME_BYTES
    ? `It has ${bytes} bytes; a file name has at most ${MAX_NAME_BYTES}.`
    : undefined;
}

/** S3's limit for a key, which contains the name. */
const MAX_STORED_BYTES = 1024;

/**
 * Parses the name of staged data in a record. It can be longer than a user's choice: the name of an S3 source is the
 * last part of its key.
 * @throws InputError if the name is not one component of a path
 */
export function parseStoredName(text: string): string {
  refuseControlCharacters(text);
  const problem = problemOf(text);
  if (problem === undefined) return text;
  const isOnlyLong = !/^\.{0,2}$|\//.test(text) && text !== MANIFEST_NAME;
  if (isOnlyLong && Buffer.byteLength(text) <= MAX_STORED_BYTES) return text;
  throw new InputError("the name of the stored data is not a file name", { why: problem });
}
