import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { refuse } from "./error.ts";
import { findFile } from "./file.ts";
import type { FindOptions, Source } from "./source.ts";

/**
 * Finds and measures a source, and makes sure that all of it can be staged.
 * @param location an absolute path, or an `s3://` URL
 * @throws InputError when it does not exist, cannot be read, or holds what cannot be staged; it names what
 */
export async function findSource(location: string, options: FindOptions): Promise<Source> {
  if (location.startsWith("s3://")) {
    const { findS3Source } = await import("./s3.ts");
    return findS3Source(location, options);
  }
  const path = resolve(location);
  const found = await stat(path).catch((error: unknown) => refuse(path, error));
  if (found.isDirectory()) {
    const { findDirectory } = await import("./directory.ts");
    return findDirectory(path, options);
  }
  return findFile(path, options);
}
