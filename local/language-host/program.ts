import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb.js";
import type { RequestedProgram } from "./project.ts";

/** Pulumi's SDK exits with this code if it has already reported the error (`cmd/run` of @pulumi/pulumi). */
const ERROR_IS_TOLD = 32;

interface ProgramEnd {
  /** The update's error; "" after success, or if the error is already reported. */
  readonly error: string;
  /** Whether the engine should stop without a further message. */
  readonly bail: boolean;
}

export interface RunningProgram {
  readonly ended: Promise<ProgramEnd>;
  /** Kills it. */
  cancel(): void;
}

/** Which program a request names. */
export function requestedProgram(request: RunRequest): RequestedProgram {
  const info = request.getInfo();
  return {
    root: info?.getRootDirectory() ?? "",
    folder: info?.getProgramDirectory() ?? "",
    entryPoint: info?.getEntryPoint() ?? "",
    options: info?.getOptions()?.toJavaScript() ?? {},
  };
}

/**
 * Runs a program (JavaScript that Node can run unchanged) in a separate Node process. Its stdout and stderr are
 * passed on completely before `ended` resolves. The caller must have checked the request.
 * @throws Error if the program's folder has no Pulumi SDK
 */
export function startProgram(request: RunRequest, engineAddress: string): RunningProgram {
  const { folder, options } = requestedProgram(request);
  const { nodeargs, typescript } = options;
  const nodeArguments = typeof nodeargs === "string" ? nodeargs.split(/\s+/).filter(Boolean) : [];
  const child = spawn(
    process.execPath,
    [...nodeArguments, findRunner(folder), ...runnerArguments(request, engineAddress)],
    {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
        PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
        PULUMI_NODEJS_TYPESCRIPT: String(typescript === true),
      },
    },
  );
  child.stdout.pipe(process.stdout, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(outcomeOf(code, signal)));
  });
  return { ended, cancel: () => child.kill("SIGKILL") };
}

/** The engine's result for a program that ended with this code or signal. */
export function outcomeOf(code: number | null, signal: NodeJS.Signals | null): ProgramEnd {
  if (code === 0) return { error: "", bail: false };
  if (code === ERROR_IS_TOLD) return { error: "", bail: true };
  const how = signal === null ? `with non-zero exit code: ${code}` : `because of signal ${signal}`;
  return { error: `Program exited ${how}`, bail: false };
}

/** The SDK's entry point for programs, as the program itself would resolve it. */
function findRunner(folder: string): string {
  try {
    return createRequire(join(folder, "program.js")).resolve("@pulumi/pulumi/cmd/run");
  } catch (error) {
    throw new Error(`The Pulumi SDK is not installed for the program in ${folder}: run npm install there`, {
      cause: error,
    });
  }
}

function runnerArguments(request: RunRequest, engineAddress: string): string[] {
  const info = request.getInfo();
  const flags: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engineAddress],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["root-directory", info?.getRootDirectory() ?? ""],
    ["stack", request.getStack()],
    ["pwd", info?.getProgramDirectory() ?? ""],
    ["parallel", request.getParallel() > 0 ? String(request.getParallel()) : ""],
  ];
  return [
    ...flags.filter(([, value]) => value !== "").map(([name, value]) => `--${name}=${value}`),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    // "." makes the SDK read package.json.
    info?.getEntryPoint() || ".",
    ...request.getArgsList(),
  ];
}
