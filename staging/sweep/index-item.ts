import { type AttributeValue, N, S } from "../attribute-value.ts";
import type { Region } from "../regions.ts";
import { isoSeconds } from "../ttl.ts";
import { isRecord, isStringArray } from "../type-guards.ts";
import { KIB } from "../units.ts";
import type { SweepId } from "./id.ts";
import { ITEM_KEY, indexItemKey, SWEEP_KEY } from "./item-keys.ts";
import { ItemReader } from "./item-reader.ts";

/** Common properties of all states of an index. */
interface IndexBase {
  readonly sweepId: SweepId;
  readonly index: number;
  readonly region: Region;
  /** The row as JSON, an object of strings; undefined for a sweep without parameters. */
  readonly params: string | undefined;
  /** Incremented when a retry opens the index again. */
  readonly generation: number;
  /** Claims so far, in all generations: each claim has its own number and its own log. */
  readonly attempt: number;
  /** Attempts of this generation that ended with their instance. */
  readonly interruptions: number;
  /** Attempts of this generation whose command failed. */
  readonly errors: number;
  /** Of the last completed attempt. */
  readonly exitCode: number | undefined;
  readonly error: string | undefined;
}

export interface PendingIndex extends IndexBase {
  readonly state: "pending";
}

export interface RunningIndex extends IndexBase {
  readonly state: "running";
  /** The id of the instance. */
  readonly owner: string;
  /** Seconds since 1970, after which another worker may claim the index. */
  readonly leaseUntil: number;
  readonly startedAt: Date;
}

export interface EndedIndex extends IndexBase {
  readonly state: "done" | "failed" | "cancelled";
  /** The last owner; undefined for an index that never ran. */
  readonly owner: string | undefined;
  readonly startedAt: Date | undefined;
  readonly endedAt: Date;
}

/** The item of an index. */
export type IndexItem = PendingIndex | RunningIndex | EndedIndex;

export const INDEX_STATES = ["pending", "running", "done", "failed", "cancelled"] as const;

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html */
export const INSTANCE_ID = /^i-[0-9a-f]{8,17}$/;

/** The part of an error that an item stores; the log has all of it. */
export const MAX_ERROR_BYTES = 2 * KIB;

/** The error text of an item: the beginning, in whole characters. */
export function errorText(text: string): string {
  const bytes = Buffer.from(text.toWellFormed());
  if (bytes.length <= MAX_ERROR_BYTES) return bytes.toString();
  const cut = bytes.subarray(0, MAX_ERROR_BYTES - 3).toString();
  return `${cut.replace(/\ufffd$/, "")}…`;
}

/** The item for DynamoDB. */
export function indexItem(item: IndexItem): Record<string, AttributeValue> {
  const text = (name: string, value: string | undefined) => (value === undefined ? {} : { [name]: S(value) });
  const date = (name: string, value: Date | undefined) =>
    text(name, value === undefined ? undefined : isoSeconds(value));
  return {
    [SWEEP_KEY]: S(item.sweepId),
    [ITEM_KEY]: S(indexItemKey(item.index)),
    region: S(item.region),
    state: S(item.state),
    generation: N(item.generation),
    attempt: N(item.attempt),
    interruptions: N(item.interruptions),
    errors: N(item.errors),
    ...text("params", item.params),
    ...text("error", item.error),
    ...(item.exitCode === undefined ? {} : { exit_code: N(item.exitCode) }),
    ...(item.state === "pending"
      ? {}
      : { ...text("owner", item.owner), ...date("started_at", item.startedAt) }),
    ...(item.state === "running" ? { lease_until: N(item.leaseUntil) } : {}),
    ...("endedAt" in item ? date("ended_at", item.endedAt) : {}),
  };
}

/**
 * Parses an item that is unmarshalled to plain values.
 * @throws SweepItemError if an attribute is missing, malformed, or does not fit the state
 */
export function parseIndexItem(value: unknown): IndexItem {
  const read = new ItemReader(value);
  if (read.name.kind !== "index") throw read.error(ITEM_KEY);
  const base: IndexBase = {
    sweepId: read.sweepId,
    index: read.name.index,
    region: read.region("region"),
    params: read.optional("params", (name) => read.parsed(name, () => parametersText(read, read.text(name)))),
    generation: read.whole("generation"),
    attempt: read.whole("attempt"),
    interruptions: read.whole("interruptions"),
    errors: read.whole("errors"),
    exitCode: read.optional("exit_code", (name) => read.whole(name, 0, 255)),
    error: read.optional("error", (name) => read.text(name)),
  };
  const state = read.word("state", INDEX_STATES);
  const refuse = (...names: string[]): void => {
    for (const name of names) if (read.has(name)) throw read.error(name);
  };
  const owner = (name: string) => read.text(name, INSTANCE_ID);
  const date = (name: string) => read.date(name);
  switch (state) {
    case "pending":
      refuse("owner", "lease_until", "started_at", "ended_at");
      return { ...base, state };
    case "running":
      refuse("ended_at");
      return {
        ...base,
        state,
        owner: owner("owner"),
        leaseUntil: read.whole("lease_until"),
        startedAt: date("started_at"),
      };
    default:
      refuse("lease_until");
      return {
        ...base,
        state,
        owner: read.optional("owner", owner),
        startedAt: read.optional("started_at", date),
        endedAt: date("ended_at"),
      };
  }
}

/** An object of strings. */
function parametersText(read: ItemReader, text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw read.error("params");
  }
  if (!isRecord(value) || !isStringArray(Object.values(value))) throw read.error("params");
  return text;
}
