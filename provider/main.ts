import { enableCompileCache } from "node:module";

// A plugin starts at every command: what was compiled once need not be again.
enableCompileCache();
const [{ servePlugin }, { stagingPlugin }, { prepareProcess }, { nameProgram }] = await Promise.all([
  import("./plugin/serve.ts"),
  import("./staging-plugin.ts"),
  import("../connection/process.ts"),
  import("../connection/user-agent.ts"),
]);
nameProgram("provider");
prepareProcess();
await servePlugin(stagingPlugin);
