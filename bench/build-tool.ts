import { hash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../local/command.ts";
import { goCommand } from "../local/engine/build.ts";
import { withLock } from "../local/lock.ts";
import { spawnPaths } from "../local/paths.ts";
import { packageRoot } from "../package-root.ts";
import { UserError } from "../staging/errors.ts";

const PACKAGES = {
  versitygw: "github.com/versity/versitygw/cmd/versitygw",
  s5cmd: "github.com/peak/s5cmd/v2",
  rclone: "github.com/rclone/rclone",
  toxiproxy: "github.com/Shopify/toxiproxy/v2/cmd/server",
  front: ".",
  "pulumi-language-python": ".",
  actionlint: "github.com/rhysd/actionlint/cmd/actionlint",
  "pulumi-language-yaml": "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml",
} as const;

/** A program that is built from source: either from its own in `bench/tools/`, or a third-party program in the version and with the hashes there. */
export type Tool = keyof typeof PACKAGES;

/** Those that the benchmark runs. */
export const BENCH_TOOLS = [
  "versitygw",
  "s5cmd",
  "rclone",
  "toxiproxy",
  "front",
] as const satisfies readonly Tool[];

export const benchCache = (): string => join(spawnPaths().cache, "bench");

/**
 * Builds a program that is not in the cache: a minute or two, once per version. Concurrent calls build once.
 * @returns its file
 * @throws UserError if Go is missing or the build fails
 */
export async function buildTool(name: Tool): Promise<string> {
  const module = join(packageRoot(), "bench", "tools", name);
  const source = await readFile(join(module, PACKAGES[name] === "." ? "main.go" : "go.sum"));
  const version = hash("sha256", source).slice(0, 12);
  const folder = join(benchCache(), "bin");
  const program = join(folder, `${name}-${version}`);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true });
  await withLock(`${program}.lock`, {}, async () => {
    if (existsSync(program)) return;
    const go = goCommand(process.env["PATH"]);
    if (go === undefined) {
      throw new UserError(`${name} cannot be built: Go is missing`, {
        why: "There is no go on PATH. It is built from its sources, since no registry has it with a hash.",
        fix: "Install Go 1.25 or newer (https://go.dev/doc/install), then run the command again.",
      });
    }
    console.error(`Building ${name} (a minute or two, once)...`);
    const args = ["build", "-trimpath", "-ldflags", "-s -w", "-o", `${program}.new`, PACKAGES[name]];
    const env = { ...process.env, CGO_ENABLED: "0", GOWORK: "off", GOFLAGS: "-mod=readonly" };
    const { code, stderr } = await runCommand(go, args, { cwd: module, env });
    if (code !== 0) {
      throw new UserError(`${name} could not be built`, {
        why: `go build said: ${stderr.trim().split("\n").slice(-4).join(" / ")}`,
        fix: "Check that the Go module proxy can be reached (go env GOPROXY), then run the command again.",
      });
    }
    await rename(`${program}.new`, program);
  });
  return program;
}
