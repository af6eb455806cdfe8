import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { S3Clients } from "../../store/clients.ts";
import type { Billed } from "../../store/request-payer.ts";
import { refuse } from "./error.ts";
import { findFile } from "./file.ts";
import type { Source, SourceEntry } from "./source.ts";

export interface FindOptions extends Billed {
  /** Patterns of what a directory's upload leaves out, see `staging/exclude.ts`. */
  readonly exclude?: readonly string[];
  /** Takes what the links of a local directory lead to in their place. @default false */
  readonly followLinks?: boolean;
  /** The name under which the data are stored, for which keys must not get too long. @default the source's own */
  readonly name?: string;
  /** The entry that is made from the source. A walk through a prefix on S3 refuses to read what that entry holds. */
  readonly entryId?: string;
  /** Needed for sources on S3. */
  readonly clients: S3Clients;
  readonly signal: AbortSignal;
  /** Told of each entry of a directory, in order, when it is found. */
  readonly onEntry?: ((entry: SourceEntry) => void) | undefined;
}

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
