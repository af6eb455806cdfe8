import { servePlugin } from "../../provider/plugin/serve.ts";
import { awsPlugin } from "./plugin.ts";

await servePlugin(awsPlugin);
