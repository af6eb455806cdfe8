import { isMap, type Node, type Scalar } from "yaml";
import { type Place, readPlainYaml } from "../yaml/bounded.ts";
import { record } from "./collections.ts";
import { crossProblems } from "./cross-checks.ts";
import { KEYS, type SweepKey, type SweepValues } from "./keys.ts";
import { SweepFileError } from "./problems.ts";
import { Reader, sourceOf } from "./reader.ts";

/** A parameter file: the parsed values of its keys, and their positions. */
export interface SweepFile {
  /** The name of the file, for errors. */
  readonly file: string;
  readonly values: SweepValues;
  readonly places: ReadonlyMap<SweepKey, Place>;
}

export const FILE_SHAPE = record(KEYS, "a mapping of keys such as sweep_name and base_command");

/**
 * Parses a parameter file: YAML 1.2 without aliases and tags.
 * @param file its name, for errors
 * @throws SweepFileError with all problems of the file
 */
export function parseSweepFile(text: string, file: string): SweepFile {
  const yaml = readPlainYaml(text);
  if ("problems" in yaml) throw new SweepFileError(file, yaml.problems);
  const { root, placeOf } = yaml;
  const reader = new Reader(placeOf);
  const values = FILE_SHAPE.read(root, "", reader) ?? {};
  const places = placesOf(root, placeOf);
  const isReadable = isMap(root);
  const problems = [...reader.problems, ...(isReadable ? crossProblems(values, places) : [])];
  if (problems.length === 0) return { file, values, places };
  const line = (place: Place | undefined): number => place?.line ?? Number.POSITIVE_INFINITY;
  throw new SweepFileError(
    file,
    problems.toSorted((a, b) => (line(a.place) < line(b.place) ? -1 : 1)),
  );
}

function placesOf(root: Node | null, placeOf: (node: Node) => Place): ReadonlyMap<SweepKey, Place> {
  if (!isMap(root)) return new Map();
  return new Map(
    root.items.flatMap(({ key }): [SweepKey, Place][] => {
      const name = sourceOf(key as Scalar);
      return isSweepKey(name) ? [[name, placeOf(key as Scalar)]] : [];
    }),
  );
}

const isSweepKey = (name: string): name is SweepKey => Object.hasOwn(KEYS, name);
