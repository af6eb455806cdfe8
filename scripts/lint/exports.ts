import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import type { Violation } from "./imports.ts";
import { SHIPPED, TOOLS } from "./rules.ts";

const EXPORT =
  /^export (?:(?:abstract|async) )*(?:class|const|function\*?|interface|let|type) (?<name>\w+)/gm;
/** Files that programs outside of this repository import, and tests, which hold programs as text. */
const EXEMPT = /^(?:library|test)\/|^cli\/(?:complete|main)\.ts$/;

/** Names that a file exports although no other file, not even a test, imports them. */
export async function findUnusedExports(root: string): Promise<Violation[]> {
  const files = globSync(`{${[...SHIPPED, ...TOOLS].join(",")}}/**/*.{ts,tsx}`, { cwd: root }).sort();
  const texts = await Promise.all(
    files.map(async (file) => [file, await readFile(join(root, file), "utf8")] as const),
  );
  return unusedExports(new Map(texts));
}

/** @param texts of files, by their paths from the root of the repository */
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
