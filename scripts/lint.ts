import { packageRoot } from "../package-root.ts";
import { asText, findViolations } from "./lint/imports.ts";
import { KNOWN } from "./lint/known.ts";
import { readLayers } from "./lint/layers.ts";
import { importRules } from "./lint/rules.ts";
import { main } from "./run.ts";

/* Checks every import against the layers of docs/architecture.md. */
await main(async () => {
  const root = packageRoot();
  const violations = await findViolations(root, importRules(await readLayers(root)));
  const unexpected = violations.filter((violation) => !KNOWN.includes(asText(violation)));
  const found = new Set(violations.map(asText));
  const stale = KNOWN.filter((line) => !found.has(line));
  for (const violation of unexpected) {
    console.error(asText(violation));
    console.error(`  ${violation.cycle?.join(" -> ") ?? violation.comment}`);
  }
  for (const line of stale)
    console.error(`scripts/lint/known.ts: remove the line of an import that is gone: ${line}`);
  console.log(
    `Imports: ${unexpected.length} forbidden, ${stale.length} lines to remove, ${KNOWN.length - stale.length} known`,
  );
  return unexpected.length + stale.length === 0 ? 0 : 1;
});
