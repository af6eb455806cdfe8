import { createHash, hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { InputError, messageOf } from "../../staging/errors.ts";
import type { Words } from "../../staging/option.ts";
import type { Parameter } from "../../staging/sweep/param-set.ts";
import { columnsProblems, MAX_ROW_BYTES, rowProblem } from "../../staging/sweep/row-checks.ts";
import { isRecord } from "../../staging/type-guards.ts";

/** In JSON a character takes at most six bytes. The rest is for names, quotes and punctuation. */
const MAX_LINE_BYTES = 8 * MAX_ROW_BYTES;
const NEWLINE = 0x0a;
const DIGEST_BYTES = 32;

const AGAIN: Words = (_spell, command) => `Launch the sweep again: ${command("spawn launch --params FILE")}`;

/**
 * The rows of a sweep: JSON lines, one object of strings for each index. The whole file is checked before use, and it is streamed,
 * never loaded into memory.
 */
export interface RowsFile {
  /** The rows in the order of their indices. @throws InputError if the file has changed since {@link openRows} */
  rows(): AsyncGenerator<readonly Parameter[]>;
  close(): Promise<void>;
}

/**
 * Opens and checks a file.
 * @param sha256 of the file, lower-case hex
 * @param count the expected number of rows
 * @throws InputError if the file is missing, differs from the planned one, or has an invalid row
 */
export async function openRows(
  file: string,
  sha256: string,
  count: number,
  signal: AbortSignal,
): Promise<RowsFile> {
  const handle = await openFile(file);
  try {
    const all = createHash("sha256");
    const digests = Buffer.alloc(count * DIGEST_BYTES);
    // The names of the parameters, the same in each row.
    let columns: readonly string[] | undefined;
    let rows = 0;
    // A changed file is the more useful error, so report invalid rows only after the SHA-256 matches.
    let problem: InputError | undefined;
    for await (const line of linesOf(file, handle, signal, (chunk) => all.update(chunk))) {
      if (rows < count) digestOf(line).copy(digests, rows * DIGEST_BYTES);
      rows++;
      try {
        columns = parseRow(file, rows, line, columns).map(([name]) => name);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        problem ??= error;
      }
    }
    if (all.digest("hex") !== sha256) throw changed(file);
    if (problem !== undefined) throw problem;
    if (rows !== count)
      throw new InputError(`${file} has ${rows} rows; the sweep has ${count} indices`, { fix: AGAIN });
    return {
      async *rows() {
        let index = 0;
        for await (const line of linesOf(file, handle, signal)) {
          const known = digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
          if (!digestOf(line).equals(known)) throw changed(file);
          index++;
          yield parseRow(file, index, line, columns);
        }
        if (index !== count) throw changed(file);
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function openFile(file: string): Promise<FileHandle> {
  try {
    return await open(file, "r");
  } catch (error) {
    throw new InputError(`the rows of the sweep cannot be read from ${file}`, {
      why: messageOf(error),
      fix: AGAIN,
    });
  }
}

const changed = (file: string): InputError =>
  new InputError(`${file} is not the file with which the sweep was planned`, {
    why: "Its SHA-256 is another one: it was edited or cut off.",
    fix: AGAIN,
  });

const digestOf = (line: Buffer): Buffer => hash("sha256", line, "buffer");

/** The lines of a file, without newlines. The last line may lack its newline. */
async function* linesOf(
  file: string,
  handle: FileHandle,
  signal: AbortSignal,
  onChunk: (chunk: Buffer) => void = () => undefined,
): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const take = (part: Buffer): Buffer => {
    const line = rest.length === 0 ? part : Buffer.concat([...rest, part]);
    rest = [];
    restBytes = 0;
    return line;
  };
  const stream = handle.createReadStream({ start: 0, autoClose: false, signal });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    onChunk(chunk);
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield take(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
    restBytes += chunk.length - from;
    if (restBytes > MAX_LINE_BYTES)
      throw new InputError(`${file} has a line that is too long for a row`, { fix: AGAIN });
  }
  if (restBytes > 0) yield take(Buffer.alloc(0));
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param columns the columns of the first row; undefined for the first row itself */
function parseRow(
  file: string,
  number: number,
  line: Buffer,
  columns: readonly string[] | undefined,
): Parameter[] {
  const refuse = (why: string): InputError =>
    new InputError(`${file}, line ${number}: ${why}`, { fix: AGAIN });
  let value: unknown;
  try {
    value = JSON.parse(UTF8.decode(line));
  } catch (error) {
    throw refuse(messageOf(error));
  }
  if (!isRecord(value)) throw refuse("expected a JSON object of strings");
  const row = Object.entries(value).map(([name, text]): Parameter => {
    if (typeof text !== "string") throw refuse("expected a JSON object of strings");
    return [name, text];
  });
  const names = row.map(([name]) => name);
  const problems = columns === undefined ? columnsProblems(names) : [];
  if (names.length === 0) problems.push("the row has no columns");
  if (columns !== undefined && columns.join() !== names.join())
    problems.push(`its columns are ${names.join(", ")}; those of the first row are ${columns.join(", ")}`);
  const problem =
    problems[0] ??
    rowProblem(
      names,
      row.map(([, text]) => text),
    );
  if (problem !== undefined) throw refuse(problem);
  return row;
}
