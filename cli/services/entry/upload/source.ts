import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { type S3Clients, withStores } from "../../../../provider/store/clients.ts";
import { Fingerprint, type NewestFile } from "../../../../provider/transfer/source/fingerprint.ts";
import type { Source, SourceEntry } from "../../../../provider/transfer/source/source.ts";
import { InputError, messageOf } from "../../../../staging/errors.ts";
import { refuseControlCharacters } from "../../../../staging/filename.ts";
import { MANIFEST_NAME } from "../../../../staging/manifest.ts";
import { assertHasLinks, assertOnS3, assertRequestPayer, isS3Url } from "../../../../staging/s3-url.ts";
import { shellPath } from "../../../../staging/shell.ts";
import type { Context } from "../../../context.ts";
import { findOwnFolders } from "./own-folders.ts";
import { refuseStandardInput, streamError } from "./stream-source.ts";

/** A source that exists and can be staged. */
export interface InspectedSource {
  /** An absolute path, or the `s3://` URL. */
  readonly path: string;
  readonly filename: string;
  readonly sizeBytes: number;
  /** Files of a directory; undefined for a single file. */
  readonly fileCount?: number;
  readonly version: SourceVersion;
  /** What the user should know before it is uploaded. */
  readonly warnings: readonly string[];
}

/** What a source is like without being read: of one that has changed since, another one. */
export interface SourceVersion {
  /** Time of a single file's last change, in milliseconds since 1970. */
  readonly modifiedMs?: number;
  /** Time of the last change of a single file's content or attributes, which programs cannot set, in milliseconds since 1970. */
  readonly changedMs?: number;
  /** Of a directory and of what is on S3. */
  readonly fingerprint?: string;
  /** A digest of the times in `changedMs` of all files of a directory. */
  readonly changes?: string;
  /** Of a directory: the file that was changed last. */
  readonly newest?: NewestFile;
}

export interface InspectOptions {
  /** Patterns of what of a directory is left out. */
  readonly exclude?: readonly string[];
  /** Takes what the links of a directory lead to in their place. */
  readonly followLinks?: boolean;
  readonly noSha256?: boolean;
  /** Whether the credentials in use pay for requests and transfer of a source on S3. */
  readonly requestPayer?: boolean | undefined;
  /** The name under which the data are to be stored. @default the source's own */
  readonly name?: string | undefined;
  /** Whether it is only measured: what spawn itself writes may then be in it. */
  readonly isEstimate?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks at the source that the user gave, before anything is created for it: a file, every name in a directory, or what
 * there is on S3.
 * @throws InputError when there is nothing, it cannot be read, or holds what cannot be staged; it names what
 */
export async function inspectSource(
  context: Pick<Context, "clientConfig" | "stateUrl">,
  given: string,
  options: InspectOptions = {},
): Promise<InspectedSource> {
  const { exclude = [], followLinks = false, noSha256 = false, isEstimate = false } = options;
  const { name, requestPayer = false, signal = new AbortController().signal } = options;
  if (given === "") {
    throw new InputError("no file is given", {
      why: "The path is an empty text.",
      fix: "Where it comes from a variable, check that it is set.",
    });
  }
  refuseStandardInput(given);
  if (noSha256) assertOnS3(given);
  if (requestPayer) assertRequestPayer(given);
  if (followLinks) assertHasLinks(given);
  if (isS3Url(given)) {
    const { findS3Source } = await import("../../../../provider/transfer/source/s3.ts");
    const fingerprint = new Fingerprint();
    const onEntry = (entry: SourceEntry) => fingerprint.add(entry);
    const clients = await clientsOf(context);
    const options = {
      exclude,
      signal,
      clients,
      onEntry,
      requestPayer,
      ...(name === undefined ? {} : { name }),
    };
    const found = await findS3Source(given, options);
    return { path: given, filename: found.filename, ...measuresOf(found, fingerprint) };
  }
  const path = resolve(given);
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => refuse(given, path, error));
  const filename = basename(path);
  refuseControlCharacters(filename);
  if (filename === MANIFEST_NAME) {
    throw new InputError(`a source cannot be named ${MANIFEST_NAME}`, {
      why: "The entry's manifest has that name.",
      fix: "Rename it.",
    });
  }
  if (status.isDirectory()) {
    const { findDirectory } = await import("../../../../provider/transfer/source/directory.ts");
    const fingerprint = new Fingerprint();
    const onEntry = (entry: SourceEntry) => fingerprint.add(entry);
    const ownFolders = isEstimate ? [] : await findOwnFolders(context);
    const found = await findDirectory(path, { exclude, followLinks, ownFolders, signal, onEntry });
    return { path, filename, ...measuresOf(found, fingerprint) };
  }
  if (status.isFIFO()) throw streamError(`${JSON.stringify(given)} is not a regular file: it is a pipe`);
  if (!status.isFile()) {
    throw new InputError(`${JSON.stringify(given)} is not a regular file`, {
      why: "It is a device or a socket.",
    });
  }
  const { nothingToExclude, probeFile } = await import("../../../../provider/transfer/source/file.ts");
  if (exclude.length > 0) throw nothingToExclude(given);
  await access(path, constants.R_OK).catch(() => {
    throw unreadable(given, path);
  });
  const { size: sizeBytes, modifiedMs, changedMs } = await probeFile(path);
  return { path, filename, sizeBytes, version: { modifiedMs, changedMs }, warnings: [] };
}

/** @param entries of a directory */
function measuresOf(source: Source, entries: Fingerprint): Omit<InspectedSource, "path" | "filename"> {
  if (source.kind === "file") {
    const { file } = source;
    const version =
      file.from === "s3"
        ? { fingerprint: file.etag }
        : { modifiedMs: file.modifiedMs, changedMs: file.changedMs };
    return { sizeBytes: file.size, version, warnings: [] };
  }
  const { sizeBytes, fileCount, warnings } = source;
  const { newest } = entries;
  const fingerprint = entries.end();
  const changes = entries.endChanges();
  const version = {
    fingerprint,
    ...(changes === undefined ? {} : { changes }),
    ...(newest === undefined ? {} : { newest }),
  };
  return { sizeBytes, fileCount, version, warnings };
}

/** Clients for buckets in any region of AWS, others than the environment's too. */
async function clientsOf(context: Pick<Context, "clientConfig">): Promise<S3Clients> {
  const [{ makeS3Client }, config] = await Promise.all([
    import("../../../clients/s3.ts"),
    context.clientConfig("S3", "us-east-1"),
  ]);
  return withStores({ of: (region) => makeS3Client({ ...config, region }) });
}

function refuse(given: string, path: string, error: NodeJS.ErrnoException): never {
  const quoted = JSON.stringify(given);
  if (error.code === "ENOENT" || error.code === "ENOTDIR") {
    throw new InputError(`there is no file ${quoted}`, {
      why: `${path} does not exist.`,
      fix: "Check the path and the working folder.",
    });
  }
  if (error.code === "EACCES") throw unreadable(given, path);
  throw new InputError(`${quoted} cannot be read`, { why: messageOf(error) });
}

function unreadable(given: string, path: string): InputError {
  return new InputError(`${JSON.stringify(given)} cannot be read`, {
    why: "Permission denied.",
    fix: `chmod u+r ${shellPath(path)}`,
  });
}
