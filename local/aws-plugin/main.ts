import { prepareProcess } from "../../connection/process.ts";
import { servePlugin } from "../../provider/plugin/serve.ts";
import { awsPlugin } from "./plugin.ts";
import { openTransport } from "./sdk/settings.ts";

prepareProcess();
await openTransport();
await servePlugin(awsPlugin);
