import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { shellWord } from "../../staging/shell.ts";
import { findOnPath, isExecutable } from "../command.ts";

const NAME = "pulumi-language-nodejs";

/** Names the language host for the stub beside the built engine; `spawn env` exports it. */
export const LANGUAGE_HOST_VARIABLE = "SPAWN_LANGUAGE_HOST";

/** spawn's language host. */
export function ownLanguageHost(): string {
  return join(packageRoot(), "local", "language-host", "bin", NAME);
}

/** The language host that `engine` finds, beside it or on PATH. spawn's own on PATH does not count. */
export function findLanguageHost(engine: string, path?: string): string | undefined {
  const beside = join(dirname(engine), NAME);
  if (isExecutable(beside)) return beside;
  return findOnPath(NAME, path).find((command) => command !== ownLanguageHost());
}

/**
 * Puts a language host beside a built engine, because the engine warns about one on PATH. It is a stub that runs
 * spawn's, because the engine in the cache serves every copy of this package.
 */
export async function writeLanguageHostStub(folder: string): Promise<void> {
  const quoted = shellWord(ownLanguageHost());
  const script = [
    "#!/bin/sh",
    "# Runs the Node language host of the spawn package in use.",
    `built_with=${quoted}`,
    `exec "\${${LANGUAGE_HOST_VARIABLE}:-$built_with}" "$@"`,
    "",
  ].join("\n");
  await writeFile(join(folder, NAME), script, { mode: 0o755 });
}
