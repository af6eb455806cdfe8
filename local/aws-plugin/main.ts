import { prepareProcess } from "../../connection/process.ts";
import { servePlugin } from "../../provider/plugin/serve.ts";
import { awsPlugin } from "./plugin.ts";
import { Server } from "./sdk/call.ts";
import { openTransport } from "./sdk/settings.ts";

prepareProcess();
await servePlugin(awsPlugin(new Server(await openTransport())));
