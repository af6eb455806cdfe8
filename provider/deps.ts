import { encodeProgress, type Progress } from "../staging/progress.ts";
import type { CallContext } from "./plugin/types.ts";
import type { S3Clients } from "./store/clients.ts";
import type { Settling } from "./store/retry.ts";
import { clientsWith } from "./store/sending.ts";
import type { RulePatience } from "./transfer/copy/replicate.ts";
import { bandwidthOf } from "./transfer/flow/bandwidth.ts";
import type { BufferPool } from "./transfer/flow/buffers.ts";
import { ProgressReporter, type ProgressTotals } from "./transfer/flow/progress.ts";

/** What the handlers work with; tests give their own. */
export interface Dependencies {
  readonly s3: S3Clients;
  readonly pool: BufferPool;
  readonly patience: RulePatience;
  readonly settling: Settling;
  /** How long a bucket's configuration, written by this program, may take to show. */
  readonly spreading: Settling;
  /** Whether S3 is AWS's own, which replicates by rules. @default false */
  readonly isAws?: boolean;
  /** The server's time, once a request has been answered; see `staging/server-clock.ts`. */
  now(): Date;
}

/** Milliseconds between two notes of one resource that S3 is slow. */
const NOTE_EVERY_MS = 30_000;

/** What the work on one resource is done with: requests with its time-out and bandwidth limit, and a log of their problems. */
export function withTimeout(
  deps: Dependencies,
  { timeoutSeconds, bandwidthLimit }: { readonly timeoutSeconds?: number; readonly bandwidthLimit?: number },
  context: CallContext,
): Dependencies {
  let notedAt = Number.NEGATIVE_INFINITY;
  const onTrouble = (region: string, reason: string): void => {
    const now = performance.now();
    if (now - notedAt < NOTE_EVERY_MS) return;
    notedAt = now;
    context.log("info", `S3 in ${region} is slow to answer (${reason}): retrying`);
  };
  const bandwidth = bandwidthLimit === undefined ? undefined : bandwidthOf(bandwidthLimit);
  return { ...deps, s3: clientsWith(deps.s3, { timeoutSeconds, bandwidth, onTrouble }) };
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
