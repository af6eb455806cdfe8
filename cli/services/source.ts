import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { InputError, messageOf } from "../../staging/errors.ts";
import { refuseControlCharacters } from "../../staging/filename.ts";
import { MANIFEST_NAME } from "../../staging/manifest.ts";

/** A source that exists and can be read. */
export interface LocalSource {
  /** Absolute. */
  readonly path: string;
  readonly filename: string;
  readonly sizeBytes: number;
}

/**
 * Looks at the path that the user gave, before anything is created for it.
 * @throws InputError when there is no such file, or it cannot be read, or it is no regular file
 */
export async function inspectSource(given: string, workingFolder = process.cwd()): Promise<LocalSource> {
  if (given === "") {
    throw new InputError("no file is given", {
      why: "The path is an empty text.",
      fix: "Where it comes from a variable, check that it is set.",
    });
  }
  const path = resolve(workingFolder, given);
  const quoted = JSON.stringify(given);
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") {
      throw new InputError(`there is no file ${quoted}`, {
        why: `${path} does not exist.`,
        fix: "Check the path and the working folder.",
      });
    }
    if (error.code === "EACCES") throw unreadable(quoted, path);
    throw new InputError(`${quoted} cannot be read`, { why: messageOf(error) });
  });
  if (!status.isFile()) {
    throw new InputError(`${quoted} is not a regular file`, {
      why: status.isDirectory()
        ? "It is a directory; this version stages single files."
        : "It is a device, a pipe or a socket.",
      ...(status.isDirectory()
        ? { fix: `tar czf dataset.tar.gz ${quoted} && spawn stage upload dataset.tar.gz` }
        : {}),
    });
  }
  await access(path, constants.R_OK).catch(() => {
    throw unreadable(quoted, path);
  });
  const filename = basename(path);
  refuseControlCharacters(filename);
  if (filename === MANIFEST_NAME) {
    throw new InputError(`a source cannot be named ${MANIFEST_NAME}`, {
      why: "The entry's manifest has that name.",
      fix: "Rename it.",
    });
  }
  return { path, filename, sizeBytes: status.size };
}

function unreadable(quoted: string, path: string): InputError {
  return new InputError(`${quoted} cannot be read`, {
    why: "Permission denied.",
    fix: `chmod u+r ${JSON.stringify(path)}`,
  });
}
