import { readFileSync } from "node:fs";
import { join } from "node:path";
import { securePrivateFolders } from "../local/private-folders.ts";
import { homeFolder } from "../local/shell-variables.ts";
import { packageRoot } from "../package-root.ts";
import { findProjectFolder } from "../stacks/project-folder.ts";
import { BACKEND_KEY, BUCKET_KEY_PREFIX, SETTING_KEYS } from "../stacks/user-config.ts";
import { parseEnvironmentName } from "../staging/environment.ts";
import { isStagingId } from "../staging/ids.ts";
import { printable } from "../staging/printable.ts";
import { NAMED_REGIONS } from "../staging/regions.ts";
import { environmentTaken } from "./command-line.ts";
import {
  type Candidate,
  type CommandTree,
  complete,
  type ReadValues,
} from "./services/completion/completion.ts";
import { readKnownIds } from "./services/completion/known-ids.ts";

/*
 * `spawn complete WORDS`, which the scripts of `spawn completion` run at each TAB. `bin/spawn` starts it without oclif, because that
 * takes four times as long. It sends no request and starts nothing.
 */

/** Prints the candidates for the last word. Never rejects, and never prints an error: it would destroy the line that the user types. */
export async function main(words: readonly string[] = process.argv.slice(3)): Promise<void> {
  try {
    process.env["HOME"] ||= homeFolder(process.env);
    securePrivateFolders();
    const { kind, candidates } = await complete(commandTree(), words, readValues);
    process.stdout.write(`${[kind, ...candidates.map(line)].join("\n")}\n`);
  } catch {
    process.exitCode = 1;
  }
}

const line = ({ value, description }: Candidate): string =>
  description ? `${value}\t${printable(description)}` : value;

function commandTree(): CommandTree {
  const read = (name: string): string => readFileSync(join(packageRoot(), name), "utf8");
  // The build writes both files.
  const { commands } = JSON.parse(read("oclif.manifest.json")) as Pick<CommandTree, "commands">;
  const { oclif } = JSON.parse(read("package.json")) as { oclif: Pick<CommandTree, "topics"> };
  return { commands, topics: oclif.topics };
}

const named = (names: Iterable<readonly [string, string]>): Candidate[] =>
  [...names].map(([value, description]) => ({ value, description }));

const readValues: ReadValues = async (source, flag) => {
  switch (source) {
    case "regions":
      return named(NAMED_REGIONS);
    case "settings": {
      const buckets = NAMED_REGIONS.map(([region]) => `${BUCKET_KEY_PREFIX}${region}`);
      return [...SETTING_KEYS, BACKEND_KEY, ...buckets].map((value) => ({ value }));
    }
    case "environments": {
      const { listEnvironments } = await import("../stacks/environment-file.ts");
      return (await listEnvironments(findProjectFolder())).map((value) => ({ value }));
    }
  }
  // Without the flag, the environment of a command without `--environment`.
  const environmentName = parseEnvironmentName(flag ?? environmentTaken(process.env) ?? "");
  const unfinished = source === "sweeps" ? [] : await unfinishedEntries(environmentName);
  if (source === "unfinished entries") return named(unfinished);
  const known = await readKnownIds({ environmentName, projectFolder: findProjectFolder() });
  return named([...known[source], ...unfinished]);
};

/** Uploads that began on this machine and have not ended. */
async function unfinishedEntries(environment: string): Promise<[string, string][]> {
  const { unfinishedStacks } = await import("./services/entry/upload/unfinished.ts");
  const ids = (await unfinishedStacks(environment)).map((stack) => stack.slice(environment.length + 1));
  return ids.filter(isStagingId).map((id) => [id, "unfinished"]);
}
