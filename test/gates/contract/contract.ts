import { globSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "@oclif/core";
import { packageRoot } from "../../../package-root.ts";
import { commandLines } from "./command-lines.ts";
import { Types } from "./json-keys.ts";

/** The file that holds the contract. */
export const CONTRACT_FILE = join(packageRoot(), "test/gates/contract.txt");

const HEADER = `# The command contract: the arguments, flags and JSON keys of every command, which users' scripts rely on. "?" marks a key that can
# be absent, "[]" an array's element, "{}" the value of any key. Never rename or remove a line. npm run contract writes this file.
`;
const ENVELOPE = "cli/render/failure.ts";

/** The current contract of the code. */
export async function contractText(): Promise<string> {
  const files = globSync("cli/commands/**/*.ts", { cwd: packageRoot() }).sort();
  const types = new Types([ENVELOPE, ...files]);
  const sections = [section("every command with --json", [], types.keysOfInterface(ENVELOPE, "Envelope"))];
  for (const file of files) {
    const { default: command } = (await import(join(packageRoot(), file))) as { default: Command.Class };
    const name = file.slice("cli/commands/".length, -".ts".length).replaceAll("/", " ");
    sections.push(section(name, commandLines(command), types.keysOfResult(file)));
  }
  return `${HEADER}\n${sections.join("\n")}`;
}

const section = (name: string, command: readonly string[], keys: readonly string[]): string =>
  `${[name, ...command.map((line) => `  ${line}`), ...keys.map((key) => `  json ${key}`).sort()].join("\n")}\n`;
