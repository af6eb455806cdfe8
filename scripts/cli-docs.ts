import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { commandsText, type Manifest } from "./cli-docs/text.ts";

/* Writes docs/cli.md from the commands, as the build lists them in oclif.manifest.json. Run it after the build. */

const manifest = JSON.parse(await readFile(join(packageRoot(), "oclif.manifest.json"), "utf8")) as Manifest;
await writeFile(join(packageRoot(), "docs", "cli.md"), commandsText(manifest));
