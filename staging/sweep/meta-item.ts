import * as v from "valibot";
import { type AttributeValue, N, S } from "../attribute-value.ts";
import { attributes, matching, parsed, text, whole } from "../decode.ts";
import { parseStagingId } from "../ids.ts";
import { parseRegionList } from "../regions.ts";
import { parseStackName } from "../stack-name.ts";
import { isoSeconds } from "../ttl.ts";
import type { SweepId } from "./id.ts";
import type { Retries } from "./index-state.ts";
import { CREATED_AT, ITEM_KEY, META_ITEM, SWEEP_KEY, SWEEP_KIND, SWEEP_KIND_ATTRIBUTE } from "./item-keys.ts";
import { readItem, TIME } from "./item-reader.ts";
import { MAX_INDICES } from "./row-checks.ts";

const META_ENTRIES = v.pipe(v.array(text(parseStagingId)), v.readonly());

/** The item of a sweep: the facts for its workers and for `spawn sweep`. */
const META = v.pipe(
  attributes({
    name: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
    /** The stack that holds the sweep. */
    stack: text(parseStackName),
    count: whole(1, MAX_INDICES),
    regions: parsed(v.array(v.string()), parseRegionList),
    entries: META_ENTRIES,
    command: matching(/\S/),
    retries_interrupted: whole(),
    retries_error: whole(),
    timeout_seconds: v.optional(whole(1)),
    results: v.optional(matching(/^s3:\/\//)),
    generation: whole(),
    [CREATED_AT]: TIME,
    deadline_at: TIME,
    /** When the groups got their capacity: the commit of the launch. Absent before. */
    started_at: v.optional(TIME),
    cancelled_at: v.optional(TIME),
  }),
  v.transform(({ retriesInterrupted: interrupted, retriesError: error, ...meta }) => {
    const retries: Retries = { interrupted, error };
    return { ...meta, retries };
  }),
);
export type SweepMeta = { readonly sweepId: SweepId } & Readonly<v.InferOutput<typeof META>>;

const READING = attributes({ entries: META_ENTRIES, deadline_at: TIME });
/** The entries that a sweep reads, and until when at most. */
export type SweepReading = { readonly sweepId: SweepId } & Readonly<v.InferOutput<typeof READING>>;
/** The attributes of {@link parseSweepReading}. */
export const READING_ATTRIBUTES = [SWEEP_KEY, ITEM_KEY, "entries", "deadline_at"] as const;

/** The item for DynamoDB. */
export function metaItem(meta: SweepMeta): Record<string, AttributeValue> {
  const date = (name: string, value: Date | undefined) =>
    value === undefined ? {} : { [name]: S(isoSeconds(value)) };
  return {
    [SWEEP_KEY]: S(meta.sweepId),
    [ITEM_KEY]: S(META_ITEM),
    [SWEEP_KIND_ATTRIBUTE]: S(SWEEP_KIND),
    name: S(meta.name),
    stack: S(meta.stack),
    count: N(meta.count),
    regions: { L: meta.regions.map(S) },
    entries: { L: meta.entries.map(S) },
    command: S(meta.command),
    retries_interrupted: N(meta.retries.interrupted),
    retries_error: N(meta.retries.error),
    generation: N(meta.generation),
    ...(meta.timeoutSeconds === undefined ? {} : { timeout_seconds: N(meta.timeoutSeconds) }),
    ...(meta.results === undefined ? {} : { results: S(meta.results) }),
    ...date(CREATED_AT, meta.createdAt),
    ...date("deadline_at", meta.deadlineAt),
    ...date("started_at", meta.startedAt),
    ...date("cancelled_at", meta.cancelledAt),
  };
}

/**
 * Parses an item that is unmarshalled to plain values.
 * @throws SweepItemError if an attribute is missing or malformed
 */
export function parseMetaItem(value: unknown): SweepMeta {
  const { sweepId, read } = readItem("meta", value);
  return { sweepId, ...read(META) };
}

/**
 * Parses {@link READING_ATTRIBUTES}.
 * @throws SweepItemError if one is missing or malformed
 */
export function parseSweepReading(value: unknown): SweepReading {
  const { sweepId, read } = readItem("meta", value);
  return { sweepId, ...read(READING) };
}
