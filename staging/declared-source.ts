import { isAbsolute, relative, resolve } from "node:path";
import { isS3Url } from "./s3-url.ts";

/** The source of a declared entry, independent of the spelling of its path. */
export interface DeclaredSource {
  /** An absolute path, or the `s3://` URL. */
  readonly location: string;
  /** The canonical spelling, from which the entry's ID follows: relative for paths below the project's folder. */
  readonly canonical: string;
  /** Relative to the project's folder, for a path outside of it: equal in checkouts at other places. */
  readonly relative?: string;
  /** Other spellings of the same path, from which earlier versions computed IDs: `./data/x`, the absolute path, `data/x/`. */
  readonly others: readonly string[];
}

/** @param folder absolute; relative sources are relative to it */
export function declaredSource(written: string, folder: string): DeclaredSource {
  if (isS3Url(written)) return { location: written, canonical: written, others: [] };
  const location = resolve(folder, written);
  const below = relative(folder, location) || ".";
  const isOutside = isAbsolute(below) || below === ".." || below.startsWith("../");
  const canonical = isOutside ? location : below;
  const spellings = [below, `./${below}`, location].flatMap((path) => [path, `${path}/`]);
  return {
    location,
    canonical,
    ...(isOutside ? { relative: below } : {}),
    others: [...new Set([written, ...spellings])].filter((spelling) => spelling !== canonical),
  };
}
