import * as v from "valibot";
import { type AttributeValue, N, S } from "../attribute-value.ts";
import { attributes, matching, text, whole } from "../decode.ts";
import { parseRegion } from "../regions.ts";
import { isoSeconds } from "../ttl.ts";
import { isRecord, isStringArray } from "../type-guards.ts";
import { KIB } from "../units.ts";
import type { SweepId } from "./id.ts";
import { ITEM_KEY, indexItemKey, SWEEP_KEY } from "./item-keys.ts";
import { readItem, TIME } from "./item-reader.ts";

export const INDEX_STATES = ["pending", "running", "done", "failed", "cancelled"] as const;

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html */
const INSTANCE = matching(/^i-[0-9a-f]{8,17}$/);

/** Common attributes of all states of an index. */
const BASE = attributes({
  region: text(parseRegion),
  /** The row as JSON, an object of strings; absent for a sweep without parameters. */
  params: v.optional(v.pipe(v.string(), v.check(isObjectOfStrings))),
  /** Incremented when a retry opens the index again. */
  generation: whole(),
  /** Claims so far, in all generations: each claim has its own number and its own log. */
  attempt: whole(),
  /** Attempts of this generation that ended with their instance. */
  interruptions: whole(),
  /** Attempts of this generation whose command failed. */
  errors: whole(),
  /** Of the last completed attempt. */
  exit_code: v.optional(whole(0, 255)),
  error: v.optional(v.string()),
});
const STATE = attributes({ state: v.picklist(INDEX_STATES) });
const RUNNING = attributes({
  owner: INSTANCE,
  /** Seconds since 1970, after which another worker may claim the index. */
  lease_until: whole(),
  started_at: TIME,
});
const ENDED = attributes({
  /** The last owner; absent for an index that never ran. */
  owner: v.optional(INSTANCE),
  started_at: v.optional(TIME),
  ended_at: TIME,
});

type IndexBase = { readonly sweepId: SweepId; readonly index: number } & v.InferOutput<typeof BASE>;
export type PendingIndex = IndexBase & { readonly state: "pending" };
export type RunningIndex = IndexBase & { readonly state: "running" } & v.InferOutput<typeof RUNNING>;
export type EndedIndex = IndexBase & {
  readonly state: "done" | "failed" | "cancelled";
} & v.InferOutput<typeof ENDED>;

/** The item of an index. */
export type IndexItem = PendingIndex | RunningIndex | EndedIndex;

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
  const { sweepId, name, read, error } = readItem("index", value);
  const base = { sweepId, index: name.index, ...read(BASE) };
  const { state } = read(STATE);
  const refuse = (names: readonly string[]): void => {
    const found = names.find((one) => isRecord(value) && value[one] !== undefined);
    if (found !== undefined) throw error(found);
  };
  if (state === "pending") {
    refuse(["owner", "lease_until", "started_at", "ended_at"]);
    return { ...base, state };
  }
  refuse(state === "running" ? ["ended_at"] : ["lease_until"]);
  return state === "running" ? { ...base, state, ...read(RUNNING) } : { ...base, state, ...read(ENDED) };
}

function isObjectOfStrings(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return isRecord(value) && isStringArray(Object.values(value));
  } catch {
    return false; // not JSON
  }
}
