import { createReadStream } from "node:fs";
import { dirname, resolve } from "node:path";
import { InputError } from "../../../staging/errors.ts";
import { shown } from "../../../staging/printable.ts";
import { shellPath } from "../../../staging/shell.ts";
import { parseSweepFile } from "../../../staging/sweep/file.ts";
import {
  type SweepOptions,
  type SweepParameters,
  sweepParameters,
} from "../../../staging/sweep/parameters.ts";
import { MAX_ROWS_BYTES } from "../../../staging/sweep/row-checks.ts";
import { parseRows } from "../../../staging/sweep/rows.ts";
import { utf8Text } from "../../../staging/sweep/utf8.ts";
import { formatBytes, MIB } from "../../../staging/units.ts";

type Chunks = AsyncIterable<Uint8Array>;

/** Selects the standard input instead of a file; its name in errors. */
const STANDARD_INPUT = "-";
const NAME_OF_INPUT = "stdin";

/** Protects the memory from a device or a wrong file. The YAML reader has a lower limit and a better error. */
const MAX_FILE_BYTES = 4 * MIB;

/**
 * Reads a parameter file and its file of rows. It sends no request.
 * @param path of the parameter file; `-` is the standard input, whose `params_file` is relative to the working folder
 * @throws InputError that names the file and all its problems
 */
export async function readParameters(
  path: string,
  options: SweepOptions,
  input: Chunks = process.stdin,
): Promise<SweepParameters> {
  const isInput = path === STANDARD_INPUT;
  const name = isInput ? NAME_OF_INPUT : path;
  const chunks = isInput ? input : createReadStream(path);
  const text = utf8Text(await readAtMost(MAX_FILE_BYTES, chunks, path, "the parameter file"), name);
  const file = parseSweepFile(text, name);
  const { params_file: rowsFile } = file.values;
  if (rowsFile === undefined) return sweepParameters(file, undefined, options);
  const rowsPath = resolve(isInput ? "." : dirname(path), rowsFile);
  const what = `params_file of ${name}`;
  const rows = await readAtMost(MAX_ROWS_BYTES, createReadStream(rowsPath), rowsPath, what);
  return sweepParameters(file, parseRows(utf8Text(rows, rowsFile), rowsFile), options);
}

/** @param what the purpose of the file, for errors */
async function readAtMost(most: number, chunks: Chunks, path: string, what: string): Promise<Uint8Array> {
  const read: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > most) {
        throw new InputError(`${shown(path)} is too large`, {
          why: `It is ${what}, which has at most ${formatBytes(most)}.`,
        });
      }
      read.push(chunk);
    }
  } catch (error) {
    throw unreadable(path, what, error);
  }
  return Buffer.concat(read);
}

function unreadable(path: string, what: string, error: unknown): unknown {
  switch (error instanceof Error && "code" in error ? error.code : undefined) {
    case "ENOENT":
    case "ENOTDIR":
      return new InputError(`there is no file ${shown(path)}`, {
        why: `It must be ${what}.`,
        fix: `List the folder: ls -l ${shellPath(dirname(path))}`,
      });
    case "EISDIR":
      return new InputError(`${shown(path)} is a folder`, { why: `It must be ${what}.` });
    case "EACCES":
    case "EPERM":
      return new InputError(`${shown(path)} cannot be read`, {
        why: `It is ${what}. Permission denied.`,
        fix: `chmod u+r ${shellPath(path)}`,
      });
    case "ENAMETOOLONG":
      return new InputError("the path of a file is too long", { why: `It must be ${what}.` });
    default:
      return error;
  }
}
