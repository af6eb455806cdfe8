import { declareFunction } from "../schema/resource.ts";
import { PLUGIN_READY } from "./tokens.ts";

export const pluginReadyFunction = declareFunction({
  token: PLUGIN_READY,
  description: "Returns nothing once the plugin runs: programs order the starts of plugins by it.",
  inputs: {},
  outputs: {},
});
