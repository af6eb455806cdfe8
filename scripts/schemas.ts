import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { packageSchemaText } from "../provider/package-schema.ts";
import { VERSION } from "../provider/staging-plugin.ts";
import { sweepSchemaText } from "../staging/sweep/schema.ts";

/** Writes the schemas of `schemas/`. Tests fail if they differ from what the code declares. */

const folder = join(packageRoot(), "schemas");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "sweep.schema.json"), sweepSchemaText());
await writeFile(join(folder, "pulumi.schema.json"), packageSchemaText(VERSION));
