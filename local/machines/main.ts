import { main } from "./process.ts";

/*
 * The process of the machines. Usage: machines.js SETTINGS INSTANCE
 * SETTINGS is JSON (see ProcessSettings), without secrets: all users can read a command line. INSTANCE names the process in its record.
 */
const [settings = "", instance = ""] = process.argv.slice(2);
await main(JSON.parse(settings), instance);
