import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A folder whose files may import only its own files and those of the layers that it names. */
export interface Layer {
  /** A folder with a slash at its end. Folders inside of it that are layers do not belong to it. */
  readonly folder: string;
  /** Folders of other layers, or single files. */
  readonly imports: readonly string[];
}

const DOCUMENT = "docs/design/layers.md";
const HEADING = "## Folders, and who may import whom";
const ROW = /^\| `(?<folder>[^`|]+\/)` \|(?<imports>[^|]*)\|/;

/** The layers that the table in docs/design/layers.md declares. @throws Error if a row names an unknown layer */
export async function readLayers(root: string): Promise<Layer[]> {
  return parseLayers(await readFile(join(root, DOCUMENT), "utf8"));
}

export function parseLayers(text: string): Layer[] {
  const section = text.split(`${HEADING}\n`)[1]?.split("\n## ")[0] ?? "";
  const layers = section.split("\n").flatMap((line) => {
    const { folder, imports } = ROW.exec(line)?.groups ?? {};
    return folder === undefined || imports === undefined ? [] : [{ folder, imports: namesIn(imports) }];
  });
  const known = new Set(layers.map(({ folder }) => folder));
  const unknown = layers
    .flatMap(({ imports }) => imports)
    .filter((name) => !isFile(name) && !known.has(name));
  if (layers.length === 0) throw new Error(`${DOCUMENT} has no table of layers under "${HEADING}"`);
  if (unknown.length > 0) throw new Error(`${DOCUMENT} has no row for ${unknown.join(", ")}`);
  return layers;
}

/** A regular expression for the files of a layer, or for a single file. */
export function patternOf(name: string, layers: readonly Layer[]): string {
  if (isFile(name)) return `^${escaped(name)}$`;
  const inner = layers
    .filter(({ folder }) => folder !== name && folder.startsWith(name))
    .map(({ folder }) => escaped(folder.slice(name.length)));
  return `^${escaped(name)}${inner.length === 0 ? "" : `(?!${inner.join("|")})`}`;
}

const isFile = (name: string): boolean => name.endsWith(".ts");

const namesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

const escaped = (text: string): string => text.replaceAll(".", "\\.");
