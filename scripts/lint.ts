import { packageRoot } from "../package-root.ts";
import { findBareCommands } from "./lint/commands.ts";
import { findUnusedExports } from "./lint/exports.ts";
import { asText, findViolations } from "./lint/imports.ts";
import { KNOWN } from "./lint/known.ts";
import { readLayers } from "./lint/layers.ts";
import { importRules } from "./lint/rules.ts";
import { findInSource } from "./lint/state.ts";
import { main } from "./run.ts";

/* Checks every import against the layers of docs/design/layers.md, and every module for state, clients, commands without their environment and unused exports. */
await main(async () => {
  const root = packageRoot();
  const violations = [
    ...(await findViolations(root, importRules(await readLayers(root)))),
    ...(await findInSource(root)),
    ...(await findBareCommands(root)),
    ...(await findUnusedExports(root)),
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
