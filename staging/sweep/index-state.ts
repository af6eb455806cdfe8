import type { EndedIndex, IndexItem, PendingIndex, RunningIndex } from "./index-item.ts";
import { errorText } from "./index-item.ts";

/*
 * The states of an index. The item in DynamoDB changes only as these functions say, each change on condition that the item is still the one
 * that was read: a worker that lost its lease cannot end what another one runs. A transition also says how `open`, the region's number of
 * unfinished indices, changes; both are written in one transaction.
 *
 *   pending ── claim ──► running ── complete ──► done
 *      ▲                   │ └──── fail, release, expire: attempts are used up ──► failed
 *      └── fail, release, expire: attempts are left ──┘
 *   pending, running ── cancel ──► cancelled          failed, cancelled (and done, by index) ── retry ──► pending
 */

/** Seconds for which a claim or a heartbeat holds an index. */
export const LEASE_SECONDS = 300;

/** Retries of an index, by cause. */
export interface Retries {
  readonly interrupted: number;
  readonly error: number;
}

/** The claim of a worker. */
export interface Holder {
  readonly owner: string;
  readonly attempt: number;
}

type Refusal =
  /** Another worker holds the lease. */
  | "leased"
  /** The index is done, failed or cancelled. */
  | "ended"
  /** The worker is not the owner of this attempt, or no longer. */
  | "not-owner"
  /** The lease has not expired. */
  | "not-expired"
  /** A retry does not open the index, or it already has this generation. */
  | "not-retried";

interface Transition<T extends IndexItem = IndexItem> {
  readonly item: T;
  /** The change of the region's counter `open`. */
  readonly open: -1 | 0 | 1;
}

export type Outcome<T extends IndexItem = IndexItem> = Transition<T> | { readonly refused: Refusal };

export const isRefused = (outcome: Outcome): outcome is { readonly refused: Refusal } => "refused" in outcome;

const refused = (reason: Refusal) => ({ refused: reason });
const secondsOf = (now: Date): number => Math.floor(now.getTime() / 1000);

/**
 * Claims an index for a worker: a pending index, or one with an expired lease. A worker that already owns it, after a
 * reboot, continues the same attempt.
 * @returns a running index, or a failed one if the expired attempt was the last
 */
export function claim(
  item: IndexItem,
  owner: string,
  now: Date,
  retries: Retries,
): Outcome<RunningIndex | EndedIndex> {
  if (item.state === "running" && item.owner === owner) return { item: renewed(item, now), open: 0 };
  if (item.state === "pending") return { item: started(item, owner, now), open: 0 };
  if (item.state !== "running") return refused("ended");
  const expired = expire(item, now, retries);
  if (isRefused(expired)) return refused("leased");
  if (expired.item.state !== "pending") return { item: expired.item, open: expired.open };
  return { item: started(expired.item, owner, now), open: 0 };
}

function started(item: PendingIndex, owner: string, now: Date): RunningIndex {
  return {
    ...item,
    state: "running",
    attempt: item.attempt + 1,
    owner,
    leaseUntil: secondsOf(now) + LEASE_SECONDS,
    startedAt: now,
  };
}

const renewed = (item: RunningIndex, now: Date): RunningIndex => ({
  ...item,
  // A worker's clock may be set back.
  leaseUntil: Math.max(item.leaseUntil, secondsOf(now) + LEASE_SECONDS),
});

/**
 * Whether `holder` owns the running attempt. An owner keeps it after its lease has expired, until another worker
 * claims the index.
 */
const holds = (item: IndexItem, { owner, attempt }: Holder): item is RunningIndex =>
  item.state === "running" && item.owner === owner && item.attempt === attempt;

/** Extends the lease. */
export function heartbeat(item: IndexItem, holder: Holder, now: Date): Outcome<RunningIndex> {
  return holds(item, holder) ? { item: renewed(item, now), open: 0 } : refused("not-owner");
}

/** The command succeeded. */
export function complete(item: IndexItem, holder: Holder, now: Date): Outcome<EndedIndex> {
  if (!holds(item, holder)) return refused("not-owner");
  return { item: ended(item, "done", now, { exitCode: 0, error: undefined }), open: -1 };
}

interface Failure {
  readonly exitCode?: number;
  readonly error: string;
  /** Another attempt cannot succeed: two checksum mismatches, or no access to the data. */
  readonly final?: boolean;
}

/** The command, or the download, failed. */
export function fail(
  item: IndexItem,
  holder: Holder,
  { exitCode, error, final = false }: Failure,
  now: Date,
  retries: Retries,
): Outcome<PendingIndex | EndedIndex> {
  if (!holds(item, holder)) return refused("not-owner");
  const counted = { ...item, errors: item.errors + 1 };
  const result = { exitCode, error: errorText(error) };
  if (final || counted.errors > retries.error)
    return { item: ended(counted, "failed", now, result), open: -1 };
  return { item: reopened(counted, result), open: 0 };
}

/** The worker releases the index, because its instance is about to end. */
export function release(
  item: IndexItem,
  holder: Holder,
  now: Date,
  retries: Retries,
): Outcome<PendingIndex | EndedIndex> {
  return holds(item, holder) ? interrupted(item, now, retries) : refused("not-owner");
}

/** The lease expired: the worker has ended, or cannot reach the table. */
export function expire(item: IndexItem, now: Date, retries: Retries): Outcome<PendingIndex | EndedIndex> {
  if (item.state !== "running" || secondsOf(now) < item.leaseUntil) return refused("not-expired");
  return interrupted(item, now, retries);
}

function interrupted(item: RunningIndex, now: Date, retries: Retries): Transition<PendingIndex | EndedIndex> {
  const counted = { ...item, interruptions: item.interruptions + 1 };
  const times = counted.interruptions === 1 ? "once" : `${counted.interruptions} times`;
  const result = { exitCode: undefined, error: `interrupted ${times}; the last instance was ${item.owner}` };
  if (counted.interruptions > retries.interrupted)
    return { item: ended(counted, "failed", now, result), open: -1 };
  return { item: reopened(counted, result), open: 0 };
}

/** Ends an unfinished index. */
export function cancel(item: IndexItem, now: Date): Outcome<EndedIndex> {
  if (item.state !== "pending" && item.state !== "running") return refused("ended");
  const { exitCode, error } = item;
  return { item: ended(item, "cancelled", now, { exitCode, error }), open: -1 };
}

/**
 * Opens an index again, in a new generation with all its attempts. The attempt number continues, so that logs stay
 * separate.
 * @param which `unfinished`: failed or cancelled indices; `ended`: also completed ones, for an index that the user
 * names
 */
export function retry(
  item: IndexItem,
  generation: number,
  which: "unfinished" | "ended",
): Outcome<PendingIndex> {
  const fits =
    item.state === "failed" || item.state === "cancelled" || (which === "ended" && item.state === "done");
  if (!fits || generation <= item.generation) return refused("not-retried");
  const { owner: _owner, startedAt: _startedAt, endedAt: _endedAt, ...base } = item;
  return {
    item: {
      ...base,
      state: "pending",
      generation,
      interruptions: 0,
      errors: 0,
      exitCode: undefined,
      error: undefined,
    },
    open: 1,
  };
}

type Result = Pick<IndexItem, "exitCode" | "error">;

function reopened(item: RunningIndex, result: Result): PendingIndex {
  const { owner: _owner, leaseUntil: _leaseUntil, startedAt: _startedAt, ...base } = item;
  return { ...base, ...result, state: "pending" };
}

function ended(
  item: PendingIndex | RunningIndex,
  state: EndedIndex["state"],
  now: Date,
  result: Result,
): EndedIndex {
  if (item.state === "pending") {
    return { ...item, ...result, state, owner: undefined, startedAt: undefined, endedAt: now };
  }
  const { leaseUntil: _leaseUntil, ...base } = item;
  return { ...base, ...result, state, endedAt: now };
}
