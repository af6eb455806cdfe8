import type { Failures, Log } from "../../../dashboard/snapshot.ts";
import type { Region } from "../../../staging/regions.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { KIB } from "../../../staging/units.ts";
import type { Context } from "../../context.ts";
import { type LogObject, logsInBuckets, selectLogs } from "../sweep/log-objects.ts";
import { reportSweep } from "../sweep/report.ts";
import { sweepTable } from "../sweep/tables.ts";
import { failuresOf, printableText } from "./convert.ts";

/** A sweep can have 100,000 failed indices. `spawn sweep info` prints all. */
const MAX_FAILURES = 50;
/** The end of a log has the reason of a failure. `spawn sweep logs` prints all. */
const LOG_BYTES = 64 * KIB;

/** An attempt of an index. */
export interface Attempt {
  readonly region: Region;
  readonly index: number;
  readonly attempt: number;
}

/** The details that a page requests when the user opens them. */
export interface Details {
  /** @throws InputError if there is no such sweep */
  failures(id: SweepId): Promise<Failures>;
  /** Undefined if the attempt has no log (yet). */
  log(id: SweepId, attempt: Attempt, maxBytes?: number): Promise<Log | undefined>;
}

export function detailsOf(context: Pick<Context, "settings" | "store" | "tables">): Details {
  return {
    failures: async (id) => {
      const { failures } = await reportSweep(await sweepTable(context), id, () => undefined);
      return failuresOf(failures, MAX_FAILURES);
    },
    log: async (id, { region, index, attempt }, maxBytes = LOG_BYTES) => {
      const store = logsInBuckets(context, id, [region], [index]);
      const [log] = selectLogs(await store.list(), attempt);
      return log === undefined ? undefined : await endOf(log, store.read, maxBytes);
    },
  };
}

async function endOf(
  log: LogObject,
  read: (log: LogObject, from: number, to: number) => Promise<Uint8Array>,
  maxBytes: number,
): Promise<Log> {
  const from = Math.max(0, log.size - maxBytes);
  const text = Buffer.from(await read(log, from, log.size)).toString("utf8");
  return { text: printableText(text), sizeBytes: log.size, omittedBytes: from };
}
