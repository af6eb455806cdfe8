import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { packageRoot } from "../../package-root.ts";
import { UserError } from "../../staging/errors.ts";
import { findOnPath, isExecutable, lastLines, runCommand } from "../command.ts";
import type { OnProgress, Progress } from "../progress.ts";
import { ENGINE_VERSION, isAtLeast } from "../versions.ts";
import { useLazyLists } from "./lazy-lists.ts";

interface Work {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: OnProgress | undefined;
  readonly signal: AbortSignal | undefined;
}

const PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";
/** The default of Go's installer, which is often not on PATH. */
const USUAL_GO = "/usr/local/go/bin/go";

/**
 * Builds the engine from the sources of the Go module proxy into `folder`: 4 to 6 minutes on two cores the first
 * time. Go compares each source with its hash in go.sum beside this file. Pulumi's own binaries are not downloaded:
 * their installer is a script from a web site, and this package has no checksums for them.
 * @throws UserError if Go is missing or too old, or the build fails
 */
export async function buildEngine(folder: string, { env, onProgress, signal }: Work): Promise<void> {
  const started = Date.now();
  let state: Progress = { text: "Preparing the build of the Pulumi engine" };
  const report = () => onProgress?.({ ...state, seconds: (Date.now() - started) / 1000 });
  const timer = setInterval(report, 1_000);
  const module = join(folder, "build");
  const temporary = join(folder, "tmp");
  try {
    for (const path of [temporary, join(folder, "bin")]) await mkdir(path, { recursive: true });
    await copyModule(module);
    const run = async (args: string[], onStderrLine: (line: string) => void): Promise<string> => {
      const result = await runCommand(go, args, {
        cwd: module,
        // Without cgo the build needs no C compiler, and the binary runs on any such system.
        env: {
          ...env,
          ...{ CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off", GO111MODULE: "on" },
          // For this machine, whatever the shell's build target.
          ...{ GOOS: undefined, GOARCH: undefined, GOTMPDIR: temporary },
        },
        signal,
        onStderrLine,
      });
      if (result.code === 0) return result.stdout;
      throw new UserError("The Pulumi engine could not be built", {
        why: `go ${args[0]} said: ${lastLines(result.stderr)}`,
        fix: "Check that the Go module proxy can be reached (go env GOPROXY), then run the command again.",
      });
    };
    const go = await findGo(module, env, signal);

    let modules = 0;
    const countModules = (line: string) => {
      if (!line.startsWith("go: downloading ")) return;
      modules += 1;
      state = {
        text: "Downloading the sources of the Pulumi engine",
        detail: `${modules} Go modules so far`,
      };
    };
    report();
    const packages = (await run(["list", "-deps", PACKAGE], countModules)).trim().split("\n").length;
    await useLazyLists(module, async (name) =>
      (await run(["list", "-m", "-f", "{{.Dir}}", name], countModules)).trim(),
    );

    let built = 0;
    const text = `Building the Pulumi engine ${ENGINE_VERSION} (some minutes, once)`;
    state = { text, fraction: 0 };
    report();
    await run(
      [
        ...["build", "-v", "-trimpath", "-ldflags", `-s -w -X ${VERSION_VARIABLE}=v${ENGINE_VERSION}`],
        ...["-o", join(folder, "bin", "pulumi"), PACKAGE],
      ],
      (line) => {
        // -v prints each compiled package, except for cached ones.
        if (!/^[\w./-]+$/.test(line)) return;
        built += 1;
        // The program itself is last; then only linking remains.
        state = { text, fraction: line === PACKAGE ? 0.99 : Math.min(built / packages, 0.98) };
      },
    );
    await rm(module, { recursive: true });
  } finally {
    clearInterval(timer);
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The Go that builds the engine, of any version. */
export function goCommand(path?: string): string | undefined {
  return findOnPath("go", path)[0] ?? (isExecutable(USUAL_GO) ? USUAL_GO : undefined);
}

/** A copy, so that Go never writes into this package's folder. */
async function copyModule(folder: string): Promise<void> {
  await mkdir(folder);
  for (const name of ["go.mod", "go.sum", "tools.go"]) {
    await copyFile(join(packageRoot(), "local", "engine", name), join(folder, name));
  }
}

async function findGo(
  module: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<string> {
  const needed = /^go (\d+\.\d+)/m.exec(await readFile(join(module, "go.mod"), "utf8"))?.[1] ?? "";
  const fix = `Install Go ${needed} or newer (https://go.dev/doc/install), then run the command again.`;
  const go = goCommand(env["PATH"]);
  if (go === undefined) {
    throw new UserError("The Pulumi engine cannot be built: Go is missing", {
      why: "There is no go on PATH.",
      fix,
    });
  }
  // In the module's folder a slightly older Go downloads the toolchain that go.mod requires, and runs it.
  const result = await runCommand(go, ["version"], { cwd: module, env, signal });
  const version = /go(\d+\.\d+(?:\.\d+)?)/.exec(result.stdout)?.[1];
  if (result.code !== 0 || version === undefined || !isAtLeast(version, needed)) {
    throw new UserError(`The Pulumi engine cannot be built: Go ${needed} or newer is needed`, {
      why: `${go} is ${version === undefined ? `not usable: ${lastLines(result.stderr)}` : `Go ${version}`}.`,
      fix,
    });
  }
  return go;
}
