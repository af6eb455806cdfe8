import { reuseCompiledCode } from "../local/compile-cache.ts";

// A plugin starts at every command.
reuseCompiledCode();
const [{ servePlugin }, { stagingPlugin, VERSION }, { prepareProcess }] = await Promise.all([
  import("../provider/plugin/serve.ts"),
  import("../provider/staging-plugin.ts"),
  import("../connection/process.ts"),
]);
prepareProcess();
// The staging provider with the package's schema and components. Pulumi's SDK is loaded with the first component.
await servePlugin({
  ...stagingPlugin,
  schema: async () => (await import("./schema.ts")).packageSchemaText(VERSION),
  construct: async (...call) => (await import("./construct.ts")).construct(...call),
});
