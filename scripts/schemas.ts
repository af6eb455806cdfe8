import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { sweepSchemaText } from "../staging/sweep/schema.ts";

/** Writes the JSON Schemas of `schemas/`. A test fails if they differ from the parser's table of keys. */

const folder = join(packageRoot(), "schemas");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "sweep.schema.json"), sweepSchemaText());
