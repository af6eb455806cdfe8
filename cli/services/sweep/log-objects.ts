import { buffer } from "node:stream/consumers";
import { bucketOf } from "../../../staging/environment.ts";
import type { Region } from "../../../staging/regions.ts";
import type { SweepId } from "../../../staging/sweep/id.ts";
import { logPrefix } from "../../../staging/sweep/names.ts";
import type { Context } from "../../context.ts";

/** The log of one attempt of an index, from a bucket's listing. */
export interface LogObject {
  readonly region: Region;
  readonly key: string;
  readonly index: number;
  readonly attempt: number;
  readonly size: number;
}

/** The source of logs; tests replace it. */
export interface LogStore {
  /** All logs, in any order. */
  list(): Promise<LogObject[]>;
  /** The bytes of a log from `from`, inclusive, to `to`, exclusive. */
  read(log: LogObject, from: number, to: number): Promise<Uint8Array>;
}

/** The logs of a sweep in the environment's buckets. @param indices empty: all */
export function logsInBuckets(
  context: Pick<Context, "settings" | "store">,
  id: SweepId,
  regions: readonly Region[],
  indices: readonly number[],
): LogStore {
  const prefixes =
    indices.length === 0 ? [logPrefix(id)] : indices.map((index) => `${logPrefix(id)}${index}/`);
  return {
    list: async () => {
      const found = await Promise.all(
        regions.flatMap((region) => prefixes.map((prefix) => listLogs(context, id, region, prefix))),
      );
      return found.flat();
    },
    read: async ({ region, key }, from, to) => {
      if (from >= to) return new Uint8Array();
      const store = await context.store(region);
      const bucket = bucketOf(await context.settings(), region);
      const bytes = await store.get({ bucket, key, range: { offset: from, length: to - from } });
      return buffer(bytes);
    },
  };
}

async function listLogs(
  context: Pick<Context, "settings" | "store">,
  id: SweepId,
  region: Region,
  prefix: string,
): Promise<LogObject[]> {
  const store = await context.store(region);
  const bucket = bucketOf(await context.settings(), region);
  const logs: LogObject[] = [];
  for await (const { key, size } of store.listObjects({ bucket, prefix })) {
    const name = parseLogKey(id, key);
    if (name !== undefined) logs.push({ region, key, size, ...name });
  }
  return logs;
}

/** The index and attempt in the key of a log; undefined for any other key. */
export function parseLogKey(id: SweepId, key: string): Pick<LogObject, "index" | "attempt"> | undefined {
  const prefix = logPrefix(id);
  const [, index, attempt] =
    /^(0|[1-9]\d{0,5})\/([1-9]\d{0,8})\.log$/.exec(key.startsWith(prefix) ? key.slice(prefix.length) : "") ??
    [];
  return index === undefined || attempt === undefined
    ? undefined
    : { index: Number(index), attempt: Number(attempt) };
}

/**
 * One log of each index, in the order of the indices.
 * @param attempt the number of the attempt. Default: the last one of each index
 */
export function selectLogs(logs: readonly LogObject[], attempt?: number): LogObject[] {
  const selected = new Map<number, LogObject>();
  for (const log of logs) {
    const other = selected.get(log.index);
    const fits = attempt === undefined ? log.attempt > (other?.attempt ?? 0) : log.attempt === attempt;
    if (fits) selected.set(log.index, log);
  }
  return [...selected.values()].sort((a, b) => a.index - b.index);
}
