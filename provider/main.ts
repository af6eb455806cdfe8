import { enableCompileCache } from "node:module";

// A plugin starts at every command: what was compiled once need not be again.
enableCompileCache();
const [{ servePlugin }, { stagingPlugin }] = await Promise.all([
  import("./plugin/serve.ts"),
  import("./plugin.ts"),
]);
await servePlugin(stagingPlugin);
