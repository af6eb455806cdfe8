import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { S3Clients } from "../../../../provider/store/s3-clients.ts";
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
  /** Warnings for the user before the upload. */
  readonly warnings: readonly string[];
}

/** The version of a source, without reading it. A change of the source changes the version. */
export interface SourceVersion {
  /** Time of a single file's last change, in milliseconds since 1970. */
  readonly modifiedMs?: number;
  /** Time of the last change of a single file's content or attributes, which programs cannot set, in milliseconds since 1970. */
  readonly changedMs?: number;
  /** Of a directory or a source on S3. */
  readonly fingerprint?: string;
  /** A digest of the times in `changedMs` of all files of a directory. */
  readonly changes?: string;
  /** Of a directory: the file with the last change. */
  readonly newest?: NewestFile;
}

export interface InspectOptions {
  /** Patterns of names in a directory to leave out. */
  readonly exclude?: readonly string[];
  /** Whether links in a directory are replaced by their targets. */
  readonly followLinks?: boolean;
  readonly noSha256?: boolean;
  /** Whether the credentials in use pay for requests and transfer of a source on S3. */
  readonly requestPayer?: boolean | undefined;
  /** The name in the entry. @default the source's own */
  readonly name?: string | undefined;
  /** Whether the source is only measured: then it may contain spawn's own files. */
  readonly isEstimate?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Inspects a source before anything is created for it: a file, every name in a directory, or objects on S3.
 * @throws InputError if it does not exist, cannot be read, or contains something that cannot be staged; it names that
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
      fix: "If it comes from a variable, check that the variable is set.",
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
    const clients = await sourceClients(context);
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
    const [{ findDirectory }, { FileThreads }] = await Promise.all([
      import("../../../../provider/transfer/source/directory.ts"),
      import("../../../../provider/transfer/source/file-threads.ts"),
    ]);
    const fingerprint = new Fingerprint();
    const onEntry = (entry: SourceEntry) => fingerprint.add(entry);
    const ownFolders = isEstimate ? [] : await findOwnFolders(context);
    const found = await findDirectory(path, {
      threads: new FileThreads(),
      exclude,
      followLinks,
      ownFolders,
      signal,
      onEntry,
    });
    return { path, filename, ...measuresOf(found, fingerprint) };
  }
  if (status.isFIFO()) throw streamError(`${JSON.stringify(given)} is not a regular file: it is a pipe`);
  if (!status.isFile()) {
    throw new InputError(`${JSON.stringify(given)} is not a regular file`, {
      why: "It is a device or a socket.",
    });
  }
  const [{ findFile, nothingToExclude }, { FileThreads }] = await Promise.all([
    import("../../../../provider/transfer/source/file.ts"),
    import("../../../../provider/transfer/source/file-threads.ts"),
  ]);
  if (exclude.length > 0) throw nothingToExclude(given);
  await access(path, constants.R_OK).catch(() => {
    throw unreadable(given, path);
  });
  const { file } = await findFile(path, { threads: new FileThreads() });
  const { size: sizeBytes, modifiedMs, changedMs } = file;
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

/** Clients for buckets in any region of AWS, also outside of the environment. */
export async function sourceClients(context: Pick<Context, "clientConfig">): Promise<S3Clients> {
  const [{ createS3Client }, { s3Clients }, { sdkSender }, config] = await Promise.all([
    import("../../../../provider/store/client.ts"),
    import("../../../../provider/store/s3-clients.ts"),
    import("../../../../provider/store/sdk-sender.ts"),
    context.clientConfig("S3", "us-east-1"),
  ]);
  return s3Clients((region) => {
    const client = createS3Client({ ...config, region });
    return { client, sender: sdkSender(client, region) };
  });
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
