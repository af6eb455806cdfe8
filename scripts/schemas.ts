import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { COMPONENTS, packageSchemaText } from "../package/schema.ts";
import { librarySource } from "../package/typescript.ts";
import { packageRoot } from "../package-root.ts";
import { VERSION } from "../provider/staging-plugin.ts";
import { sweepSchemaText } from "../staging/sweep/schema.ts";
import { environmentSchemaText } from "./environment-schema.ts";

/** Writes the schemas of `schemas/`, and the components for TypeScript programs. Tests fail if they differ from what the code declares. */

const folder = join(packageRoot(), "schemas");
await mkdir(folder, { recursive: true });
await writeFile(join(folder, "sweep.schema.json"), sweepSchemaText());
await writeFile(join(folder, "environment.schema.json"), environmentSchemaText());
await writeFile(join(folder, "pulumi.schema.json"), packageSchemaText(VERSION));
await writeFile(join(packageRoot(), "library", "index.ts"), librarySource(COMPONENTS));
