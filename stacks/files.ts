import { readFile } from "node:fs/promises";
import { parse, YAMLParseError } from "yaml";
import { InputError } from "../staging/errors.ts";

/** The text of a file; undefined when there is none. @throws the system's error when it cannot be read */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** @throws InputError that names `file` and the line unless `text` is YAML */
export function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new InputError(`${file} is no YAML`, { why: error.message.trim() });
  }
}
