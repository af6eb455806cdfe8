import { join } from "node:path";
import ts from "typescript";
import type { Violation } from "./imports.ts";

const EXPORT =
  /^export (?:(?:abstract|async) )*(?:class|const|function\*?|interface|let|type) (?<name>\w+)/gm;
/** Files that programs outside of this repository import, and tests, which hold programs as text. */
const EXEMPT = /^(?:library|test)\/|^cli\/(?:complete|main)\.ts$/;

/**
 * Names that a file exports although no other file, not even a test, imports them.
 * @param texts of files, by their paths from the root of the repository
 */
export function unusedExports(texts: ReadonlyMap<string, string>): Violation[] {
  const importers = new Map<string, string[]>();
  for (const [file, text] of texts) {
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      const imported = join(file, "..", fileName);
      importers.set(imported, [...(importers.get(imported) ?? []), text]);
    }
  }
  return [...texts].flatMap(([from, text]) =>
    [...text.matchAll(EXPORT)]
      .map(({ groups }) => groups?.["name"] ?? "")
      .filter((name) => !EXEMPT.test(from) && !importers.get(from)?.some((other) => mentions(other, name)))
      .map((to) => ({ rule: "unused-export", comment: "No other file imports this name.", from, to })),
  );
}

const mentions = (text: string, name: string): boolean => new RegExp(`\\b${name}\\b`).test(text);
