import type { UserError } from "../../staging/errors.ts";
import { printableLines } from "../../staging/printable.ts";
import { linesFor } from "../screen.ts";
import { type ErrorJson, errorJson } from "../services/common/outcomes.ts";

/** The lines of an error on stderr: what happened, the cause, and the fix. For {@link writeExactly}. */
export function renderFailure(error: UserError, stream: NodeJS.WriteStream): string {
  const [text, ...more] = error.lines;
  return linesFor(
    stream,
    { style: ["bold", "red"], label: "Error:", text },
    ...more,
    ...(error.why === undefined ? [] : [{ style: "bold", label: "Why:", text: error.why } as const]),
    ...(error.fix === undefined ? [] : [{ style: "bold", label: "Fix:", text: error.fix } as const]),
  );
}

/** The output of `--json` for every command and result: one envelope. */
interface Envelope {
  /** The exit code. */
  readonly status: number;
  readonly result?: unknown;
  readonly error?: ErrorJson;
  readonly warnings: readonly string[];
}

export function successEnvelope(status: number, result: unknown, warnings: readonly string[]): Envelope {
  return { status, result: result ?? null, warnings };
}

export function failureEnvelope(error: UserError, warnings: readonly string[]): Envelope {
  return { status: error.exitCode, error: errorJson(error), warnings };
}

/** All details of an error, for `--verbose`: its stack and those of its causes. */
export function renderDetails(error: unknown): string {
  const parts: string[] = [];
  for (let next: unknown = error; next instanceof Error && parts.length < 10; next = next.cause) {
    parts.push(next.stack ?? `${next.name}: ${next.message}`);
  }
  return `${parts.map(printableLines).join("\ncaused by: ")}\n`;
}
