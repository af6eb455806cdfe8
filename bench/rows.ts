import { randomBytes } from "node:crypto";
import { mkdir, open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GIB, MIB } from "../staging/units.ts";
import { NETWORK } from "./network.ts";
import { succeed } from "./tools.ts";

/** One table of the benchmark. */
export interface Row {
  readonly title: string;
  readonly files: keyof typeof DATASETS;
  /** How many get the data. */
  readonly buckets: 1 | 3;
  /** `far`: with a network between the tools and the server. `command`: spawn is the whole command, engine included. */
  readonly kind: "far" | "command" | undefined;
}

interface Dataset {
  readonly name: string;
  readonly isDirectory: boolean;
  make(path: string): Promise<void>;
}

export const DATASETS = {
  "1g": { name: "one file of 1 GiB", isDirectory: false, make: (path) => writeFiles([[path, GIB]]) },
  "8g": { name: "one file of 8 GiB", isDirectory: false, make: (path) => writeFiles([[path, 8 * GIB]]) },
  small: {
    name: "20,000 files of 16 KiB",
    isDirectory: true,
    make: (path) => writeFiles(smallFiles(path, 20_000)),
  },
  mixed: {
    name: "2,000 files of 16 KiB, 50 of 4 MiB, 1 of 512 MiB",
    isDirectory: true,
    make: (path) =>
      writeFiles([
        ...smallFiles(path, 2_000),
        ...Array.from({ length: 50 }, (_, index) => [join(path, "medium", `${index}`), 4 * MIB] as const),
        [join(path, "large"), 512 * MIB],
      ]),
  },
} as const satisfies Readonly<Record<string, Dataset>>;

export const ROWS: Readonly<Record<string, Row>> = Object.fromEntries(
  (
    [
      ["1g", "1g", 3],
      ["8g", "8g", 1],
      ["small", "small", 3],
      ["mixed", "mixed", 3],
      ["1g-far", "1g", 1, "far"],
      ["small-far", "small", 1, "far"],
      ["1g-command", "1g", 3, "command"],
      ["mixed-command", "mixed", 3, "command"],
      ["small-command", "small", 3, "command"],
    ] as const
  ).map(([name, files, buckets, kind]) => [
    name,
    { title: titleOf(files, buckets, kind), files, buckets, kind },
  ]),
);

function titleOf(files: keyof typeof DATASETS, buckets: number, kind?: Row["kind"]): string {
  const { latencyMs, bytesPerSecond } = NETWORK;
  const title = `${DATASETS[files].name}, ${buckets} bucket${buckets === 1 ? "" : "s"}`;
  if (kind === "far")
    return `${title}, over a network of ${latencyMs} ms and ${bytesPerSecond / MIB} MiB/s a connection`;
  return kind === "command" ? `The whole command: ${title}` : title;
}

function smallFiles(folder: string, count: number): (readonly [string, number])[] {
  return Array.from(
    { length: count },
    (_, index) => [join(folder, `folder-${index % 20}`, `${index}`), 16 * 1024] as const,
  );
}

export async function writeFiles(files: readonly (readonly [path: string, bytes: number])[]): Promise<void> {
  console.error(`Writing ${files.length} files...`);
  const made = new Set<string>();
  for (const [path, bytes] of files) {
    const folder = join(path, "..");
    if (!made.has(folder)) await mkdir(folder, { recursive: true });
    made.add(folder);
    if (bytes <= MIB) {
      await writeFile(path, randomBytes(bytes));
      continue;
    }
    const handle = await open(`${path}.new`, "w");
    for (let left = bytes; left > 0; left -= MIB) await handle.write(randomBytes(Math.min(left, MIB)));
    await handle.close();
    await rm(path, { force: true });
    await succeed("mv", [`${path}.new`, path]);
  }
}
