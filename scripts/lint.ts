import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../package-root.ts";
import { bareCommandsIn } from "./lint/commands.ts";
import { unusedExports } from "./lint/exports.ts";
import { asText, findViolations } from "./lint/imports.ts";
import { KNOWN } from "./lint/known.ts";
import { readLayers } from "./lint/layers.ts";
import { importRules, SHIPPED, TOOLS } from "./lint/rules.ts";
import { violationsIn } from "./lint/state.ts";
import { main } from "./run.ts";

/* Checks every import against the layers of docs/design/layers.md, and every module for state, clients, commands without their environment and unused exports. */
await main(async () => {
  const root = packageRoot();
  const shipped = readSources(root, SHIPPED);
  const violations = [
    ...(await findViolations(root, importRules(await readLayers(root)))),
    ...shipped.flatMap(([file, text]) => violationsIn(file, text)),
    ...shipped.flatMap(([file, text]) => (file.endsWith(".ts") ? bareCommandsIn(file, text) : [])),
    ...unusedExports(new Map([...shipped, ...readSources(root, TOOLS)])),
  ];
  const unexpected = violations.filter((violation) => !KNOWN.includes(asText(violation)));
  const found = new Set(violations.map(asText));
  const stale = KNOWN.filter((line) => !found.has(line));
  for (const violation of unexpected) {
    console.error(asText(violation));
    console.error(`  ${violation.cycle?.join(" -> ") ?? violation.comment}`);
  }
  for (const line of stale)
    console.error(`scripts/lint/known.ts: remove this line, which matches nothing: ${line}`);
  console.log(
    `Layers: ${unexpected.length} forbidden, ${stale.length} lines to remove, ${KNOWN.length - stale.length} known`,
  );
  return unexpected.length + stale.length === 0 ? 0 : 1;
});

/** The texts of the files with code in some folders, by their paths from the root. */
function readSources(root: string, folders: readonly string[]): [file: string, text: string][] {
  const files = globSync(`{${folders.join(",")}}/**/*.{ts,tsx}`, { cwd: root }).sort();
  return files.map((file) => [file, readFileSync(join(root, file), "utf8")]);
}
