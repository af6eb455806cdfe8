import { encodeProgress, type Progress } from "../staging/resources.ts";
import type { CallContext } from "./plugin/types.ts";
import type { BufferPool } from "./transfer/buffers.ts";
import type { S3Clients } from "./transfer/clients.ts";
import { ProgressReporter, type ProgressTotals } from "./transfer/progress.ts";
import type { RulePatience } from "./transfer/replicate.ts";
import type { Settling } from "./transfer/retry.ts";

/** What the handlers work with; tests give their own. */
export interface Dependencies {
  readonly s3: S3Clients;
  readonly pool: BufferPool;
  readonly patience: RulePatience;
  readonly settling: Settling;
  now(): Date;
}

/** Progress of one phase, on the resource's line. */
export function reportTo(context: CallContext, totals: ProgressTotals): ProgressReporter {
  return new ProgressReporter(totals, (text, progress) => showProgress(context, text, progress));
}

/** Shows one report: the text for people, the figures for the command line. */
export function showProgress(context: CallContext, text: string, progress: Progress): void {
  context.log("info", text, { ephemeral: true });
  context.log("debug", encodeProgress(progress), { ephemeral: true });
}
