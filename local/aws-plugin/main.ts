import { prepareProcess } from "../../connection/process.ts";
import { nameProgram } from "../../connection/user-agent.ts";
import { servePlugin } from "../../provider/plugin/serve.ts";
import { awsPlugin } from "./plugin.ts";
import { openTransport } from "./sdk/settings.ts";

nameProgram("aws-plugin");
prepareProcess();
await openTransport();
await servePlugin(awsPlugin);
