import { posix } from "node:path";
import { InputError } from "./errors.ts";
import type { Words } from "./option.ts";

declare const brand: unique symbol;

/** The path of the data on an instance: an absolute POSIX path. */
export type Destination = string & { readonly [brand]: "Destination" };

/** The guide's default: `/mnt/data/<filename>`. @throws InputError if the name cannot be part of a destination */
export function defaultDestination(filename: string): Destination {
  return parseDestination(posix.join("/mnt/data", filename));
}

/** @throws InputError if `text` is not an absolute path without `..` and without control characters */
export function parseDestination(text: string): Destination {
  const fix: Words = (spell) => spell("dest", "/mnt/data/NAME");
  if (!text.startsWith("/")) {
    throw new InputError(`destination "${text}" is not an absolute path`, {
      why: "It is a path on the instances, which do not share a working directory with this machine.",
      fix,
    });
  }
  if (text.split("/").includes("..")) {
    throw new InputError(`destination "${text}" contains ".."`, {
      why: "The destination must be explicit.",
      fix,
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new InputError("the destination contains a control character", { fix });
  }
  const normal = posix.normalize(text);
  if (normal === "/") throw new InputError('destination "/" is no place for data', { fix });
  return normal as Destination;
}
