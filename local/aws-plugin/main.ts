import { reuseCompiledCode } from "../compile-cache.ts";

// A plugin starts at every command.
reuseCompiledCode();
const [{ servePlugin }, { awsPlugin }, { Server }, { openTransport }, { prepareProcess }] = await Promise.all(
  [
    import("../../provider/plugin/serve.ts"),
    import("./plugin.ts"),
    import("./sdk/call.ts"),
    import("./sdk/settings.ts"),
    import("../../connection/process.ts"),
  ],
);
prepareProcess();
await servePlugin(awsPlugin(new Server(await openTransport())));
