import { encodeProgress, type Progress } from "../staging/progress.ts";
import { ProgressReporter, type ProgressTotals } from "./flow/progress.ts";
import type { CallContext } from "./plugin/types.ts";
import type { ServerCapabilities } from "./rules/capabilities.ts";
import type { Target } from "./rules/configuration.ts";
import type { Settling } from "./store/retry.ts";
import type { S3Clients } from "./store/s3-clients.ts";
import { clientsWith } from "./store/sending.ts";
import type { DataPlane } from "./transfer/data-plane.ts";
import type { RulePatience } from "./transfer/replicate.ts";

/** The dependencies of the handlers; tests pass their own. */
export interface Dependencies {
  readonly s3: S3Clients;
  readonly plane: DataPlane;
  readonly capabilities: ServerCapabilities;
  readonly patience: RulePatience;
  readonly settling: Settling;
  /** How long a bucket configuration may take to become visible after this program writes it. */
  readonly spreading: Settling;
  /** Whether S3 is AWS's own, which supports replication rules. @default false */
  readonly isAws?: boolean;
  /** The server's time after the first response; see `staging/server-clock.ts`. */
  now(): Date;
}

/** Milliseconds between two messages of one resource about a slow S3. */
const LOG_INTERVAL_MS = 30_000;

/** Dependencies for one resource: S3 requests use its timeout and bandwidth limit, and log their problems. */
export function withTimeout(
  deps: Dependencies,
  { timeoutSeconds, bandwidthLimit }: { readonly timeoutSeconds?: number; readonly bandwidthLimit?: number },
  context: CallContext,
): Dependencies {
  let loggedAt = Number.NEGATIVE_INFINITY;
  const onTrouble = (region: string, reason: string): void => {
    const now = performance.now();
    if (now - loggedAt < LOG_INTERVAL_MS) return;
    loggedAt = now;
    context.log("info", `S3 in ${region} is slow to answer (${reason}): retrying`);
  };
  const bandwidth = bandwidthLimit === undefined ? undefined : deps.plane.bandwidth(bandwidthLimit);
  return { ...deps, s3: clientsWith(deps.s3, { timeoutSeconds, bandwidth, onTrouble }) };
}

/** A bucket, with the client and the signal for the requests of one call. */
export const targetIn = (
  { s3 }: Pick<Dependencies, "s3">,
  { region, bucket }: { readonly region: string; readonly bucket: string },
  { signal }: Pick<CallContext, "signal">,
): Target => ({ client: s3.of(region), bucket, signal });

/** Reports the progress of one phase on the resource's line. */
export function reportTo(context: CallContext, totals: ProgressTotals): ProgressReporter {
  return new ProgressReporter(totals, (text, progress) => showProgress(context, text, progress));
}

/** Reports a wait for `region`. */
export function showWait(context: CallContext, text: string, region: string): void {
  const progress = { phase: "wait", region, done: 0, total: 0, objectsDone: 0, objectsTotal: 0 } as const;
  showProgress(context, text, { ...progress, finished: false });
}

/** Sends one report: the text for users, the figures for the command line. */
function showProgress(context: CallContext, text: string, progress: Progress): void {
  context.log("info", text, { ephemeral: true });
  context.log("debug", encodeProgress(progress), { ephemeral: true });
}
