import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Interfaces, run, settings } from "@oclif/core";
import { applyChanges } from "../connection/process.ts";
import { programVariables } from "../local/engine/variables.ts";
import { spawnPaths } from "../local/paths.ts";
import { homeFolder } from "../local/shell-variables.ts";
import { packageRoot } from "../package-root.ts";
import { configFolder } from "../stacks/data-folder.ts";
import { environmentTaken } from "./command-line.ts";
import { DEFAULT_SETTINGS } from "./defaults.ts";
import { explain } from "./errors.ts";
import { closeOutput, endOutput, OutputFailed, watchOutput } from "./output.ts";
import { failureEnvelope, renderDetails, renderFailure } from "./render/failure.ts";
import { toJson } from "./render/json.ts";
import { guardScreen, writeExactly } from "./screen.ts";
import { endBySignal } from "./signals.ts";

/** Runs the command line and ends the process. Never rejects. */
export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  watchOutput();
  guardScreen();
  endBySignal();
  // Disable oclif's search for TypeScript sources: spawn is bundled, and the search depends on NODE_ENV.
  settings.enableAutoTranspile = false;
  applyChanges(process.env, programVariables(process.env));
  // Without HOME, oclif looks up the user, which fails for a user ID without an account.
  process.env["HOME"] ||= homeFolder(process.env);
  const { cache, data } = spawnPaths();
  process.env["SPAWN_CACHE_DIR"] ??= cache;
  process.env["SPAWN_DATA_DIR"] ??= data;
  process.env["SPAWN_CONFIG_DIR"] ??= configFolder();
  process.env["SPAWN_DISABLE_THEME"] ??= "1";
  try {
    const root = packageRoot();
    const pjson = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Interfaces.PJSON;
    await run([...argv], {
      root,
      pjson: { ...pjson, name: pjson.oclif.bin ?? pjson.name },
      userPlugins: false,
    });
  } catch (error) {
    // Commands report their own errors. This one happened before a command was found.
    await reportFailure(error, argv);
  }
  const lost = (await endOutput()) ?? closeOutput();
  // Commands report their own failed output. This is for other output, such as help.
  if (lost instanceof OutputFailed && Number(process.exitCode ?? 0) === 0) {
    await reportFailure(lost, []);
  }
  // Idle connections would delay the end of the process.
  process.exit();
}

async function reportFailure(error: unknown, argv: readonly string[]): Promise<void> {
  const failure = explain(error, {
    command: { name: "spawn", flags: ["help", "version"] },
    at: { environment: environmentTaken(process.env) ?? DEFAULT_SETTINGS.environment, connection: undefined },
  });
  process.exitCode = failure.exitCode;
  if (argv.includes("--json")) {
    writeExactly(process.stdout, toJson(failureEnvelope(failure, [])));
  }
  if (!argv.includes("--json") || (await endOutput()) !== undefined) {
    writeExactly(process.stderr, renderFailure(failure, process.stderr));
  }
  if (argv.includes("--verbose")) writeExactly(process.stderr, renderDetails(error));
}
