import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { proxySettings, proxyVariables } from "../../connection/proxy.ts";
import { changed } from "../../connection/variables.ts";
import { messageOf, UserError } from "../../staging/errors.ts";
import { type CommandResult, isExecutable, runCommand } from "../command.ts";
import { packageRoot } from "../paths.ts";
import type { OnProgress } from "../progress.ts";
import { shellVariables } from "../shell-variables.ts";
import { ENGINE_VERSION } from "../versions.ts";

export interface Work {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: OnProgress | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Milliseconds that Pulumi's site has to answer at all, and that the whole download (about 100 MB) may take. */
const ANSWER_LIMIT = 15_000;
const DOWNLOAD_LIMIT = 10 * 60_000;

/**
 * Downloads the official release, with its language host, into `folder`. Whatever the outcome, no process and no file
 * outside `folder` stays.
 * @throws Error that says in a few words why there is none
 */
export async function downloadEngine(
  folder: string,
  { env, onProgress, signal }: Work,
  answerLimit = ANSWER_LIMIT,
): Promise<void> {
  const started = Date.now();
  let text = "Looking for the official Pulumi engine";
  const report = () => onProgress?.({ text, seconds: (Date.now() - started) / 1000 });
  const noAnswer = new AbortController();
  const answerTimer = setTimeout(
    () => noAnswer.abort(new Error("get.pulumi.com does not answer")),
    answerLimit,
  );
  const reportTimer = setInterval(report, 1_000);
  report();
  try {
    const temporary = join(folder, "tmp");
    await mkdir(temporary);
    const result = await runCommand(node(), [installer(), folder, ENGINE_VERSION], {
      env: { ...downloadVariables(env), TMPDIR: temporary },
      timeout: DOWNLOAD_LIMIT,
      signal: signal === undefined ? noAnswer.signal : AbortSignal.any([signal, noAnswer.signal]),
      ownGroup: true,
      onStdoutLine: (line) => {
        if (line !== "answer") return;
        clearTimeout(answerTimer);
        text = `Downloading the Pulumi engine ${ENGINE_VERSION}`;
        report();
      },
    });
    if (result.code !== 0) throw new Error(reasonOf(result));
  } catch (error) {
    signal?.throwIfAborted();
    throw new Error(messageOf(error), { cause: error });
  } finally {
    clearTimeout(answerTimer);
    clearInterval(reportTimer);
  }
}

/** The variables of the download: Node's own requests follow the proxies that curl follows. */
export function downloadVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const shell = changed(env, { ...shellVariables(env), ...proxyVariables(env) });
  try {
    return proxySettings(env).isSet ? { ...shell, NODE_USE_ENV_PROXY: "1" } : shell;
  } catch (error) {
    // A proxy that speaks SOCKS: curl knows it.
    if (error instanceof UserError) return shell;
    throw error;
  }
}

/** The package's own: the user's may be too old to follow proxies. */
function node(): string {
  const own = join(packageRoot(), "node_modules", ".bin", "node");
  return isExecutable(own) ? own : process.execPath;
}

function installer(): string {
  return join(packageRoot(), "local", "engine", "install-official.mjs");
}

/** The one line that matters of an uncaught error that Node printed. */
function reasonOf({ stderr, code }: CommandResult): string {
  const line = stderr.split("\n").find((candidate) => /^(\w*Error|Error): /.test(candidate));
  if (stderr.includes("fetch failed")) return "get.pulumi.com cannot be reached";
  return line?.replace(/^\w*Error: /, "") ?? `its installation ended with code ${code}`;
}
