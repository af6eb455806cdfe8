import { MIB } from "../../../staging/units.ts";
import { type LogObject, type LogStore, selectLogs } from "./log-objects.ts";
import { Outage } from "./outage.ts";
import { PrefixedLines } from "./prefixed-lines.ts";

/** Bytes per request. */
const CHUNK = MIB;
/** Concurrent reads. */
const CONCURRENCY = 8;
/** Workers write their logs every ten seconds. */
const POLL_INTERVAL_MS = 3_000;

type Write = (bytes: Uint8Array) => Promise<void>;

/** `[7] `; empty if the user selected one index. */
const prefixOf = ({ index }: LogObject, isOne: boolean): string => (isOne ? "" : `[${index}] `);

/**
 * Writes the logs in the order of their indices.
 * @param options.isOne whether the user selected one index: its lines have no prefix
 * @returns the number of logs
 */
export async function writeLogs(
  store: LogStore,
  {
    attempt,
    isOne,
    write,
  }: { readonly attempt?: number | undefined; readonly isOne: boolean; readonly write: Write },
): Promise<number> {
  const logs = selectLogs(await store.list(), attempt);
  const first = (log: LogObject): Promise<Uint8Array> => {
    const piece = store.read(log, 0, Math.min(log.size, CHUNK));
    // If a log before it fails, the read ahead must not become an unhandled rejection.
    piece.catch(() => undefined);
    return piece;
  };
  const ahead = logs.slice(0, CONCURRENCY).map(first);
  for (const [place, log] of logs.entries()) {
    const next = logs[place + CONCURRENCY];
    const lines = new PrefixedLines(prefixOf(log, isOne));
    const piece = await ahead[place];
    if (next !== undefined) ahead.push(first(next));
    if (piece !== undefined) await write(lines.take(piece));
    for (let at = CHUNK; at < log.size; at += CHUNK)
      await write(lines.take(await store.read(log, at, Math.min(log.size, at + CHUNK))));
    await write(lines.end());
  }
  return logs.length;
}

/** Clocks, which tests replace. */
interface FollowDeps {
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Milliseconds on a clock that does not jump. */
  readonly steady: () => number;
}

interface Follow extends FollowDeps {
  readonly attempt?: number | undefined;
  readonly isOne: boolean;
  readonly write: Write;
  readonly signal: AbortSignal;
  /** Whether the sweep has ended. */
  readonly isOver: () => Promise<boolean>;
  /** Called when an index runs again. */
  readonly onAttempt: (index: number, attempt: number) => void;
  /** Called before a retry with its reason, such as `no answer`. */
  readonly onTrouble: (text: string) => void;
}

/** Writes the logs, and then appended bytes, until the sweep has ended or `signal` is aborted. Tolerates an outage of ten minutes. */
export async function followLogs(store: LogStore, follow: Follow): Promise<void> {
  const { signal, pause, steady, isOver, onTrouble } = follow;
  const readers = new LogReaders(store, follow);
  const outage = new Outage(steady);
  try {
    for (;;) {
      signal.throwIfAborted();
      let isLast = false;
      try {
        // First, so that everything written before the sweep's end is read.
        isLast = await isOver();
        await readers.readNew();
        outage.end();
      } catch (error) {
        onTrouble(outage.tolerate(error));
        isLast = false;
      }
      if (isLast) break;
      await pause(POLL_INTERVAL_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  await readers.end();
}

/** The read position of each log. */
class LogReaders {
  readonly #store: LogStore;
  readonly #follow: Follow;
  readonly #read = new Map<string, { offset: number; readonly lines: PrefixedLines }>();
  /** The first shown attempt of each index. */
  readonly #firstAttempts = new Map<number, number>();

  constructor(store: LogStore, follow: Follow) {
    this.#store = store;
    this.#follow = follow;
  }

  /** Writes appended bytes. */
  async readNew(): Promise<void> {
    const logs = this.#select(await this.#store.list());
    for (let at = 0; at < logs.length; at += CONCURRENCY)
      await Promise.all(logs.slice(at, at + CONCURRENCY).map((log) => this.#readOne(log)));
  }

  /** Writes the last lines, which have no newline. */
  async end(): Promise<void> {
    for (const { lines } of this.#read.values()) await this.#follow.write(lines.end());
  }

  /** The selected attempt of each index. Default: the last one and all later ones. */
  #select(logs: readonly LogObject[]): LogObject[] {
    const { attempt } = this.#follow;
    if (attempt !== undefined) return selectLogs(logs, attempt);
    for (const { index, attempt: last } of selectLogs(logs))
      if (!this.#firstAttempts.has(index)) this.#firstAttempts.set(index, last);
    return logs
      .filter((log) => log.attempt >= (this.#firstAttempts.get(log.index) ?? 0))
      .sort((a, b) => a.index - b.index || a.attempt - b.attempt);
  }

  async #readOne(log: LogObject): Promise<void> {
    let read = this.#read.get(log.key);
    if (read === undefined) {
      read = { offset: 0, lines: new PrefixedLines(prefixOf(log, this.#follow.isOne)) };
      this.#read.set(log.key, read);
      if (log.attempt > (this.#firstAttempts.get(log.index) ?? log.attempt))
        this.#follow.onAttempt(log.index, log.attempt);
    }
    while (read.offset < log.size) {
      const to = Math.min(log.size, read.offset + CHUNK);
      const bytes = await this.#store.read(log, read.offset, to);
      read.offset = to;
      await this.#follow.write(read.lines.take(bytes));
    }
  }
}
