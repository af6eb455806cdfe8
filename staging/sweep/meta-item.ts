import { type AttributeValue, N, S } from "../attribute-value.ts";
import { parseStagingId, type StagingId } from "../ids.ts";
import { parseRegionList, type RegionList } from "../regions.ts";
import { parseStackName, type StackName } from "../stack-name.ts";
import { isoSeconds } from "../ttl.ts";
import type { SweepId } from "./id.ts";
import type { Retries } from "./index-state.ts";
import { CREATED_AT, ITEM_KEY, META_ITEM, SWEEP_KEY, SWEEP_KIND, SWEEP_KIND_ATTRIBUTE } from "./item-keys.ts";
import { ItemReader } from "./item-reader.ts";
import { MAX_INDICES } from "./row-checks.ts";

/** The item of a sweep: the facts for its workers and for `spawn sweep`. */
export interface SweepMeta {
  readonly sweepId: SweepId;
  readonly name: string;
  /** The stack that holds the sweep. */
  readonly stack: StackName;
  readonly count: number;
  readonly regions: RegionList;
  readonly entries: readonly StagingId[];
  readonly command: string;
  readonly retries: Retries;
  readonly timeoutSeconds: number | undefined;
  readonly results: string | undefined;
  readonly generation: number;
  readonly createdAt: Date;
  readonly deadlineAt: Date;
  /** The time at which the groups got their capacity: the commit of the launch. Undefined before. */
  readonly startedAt: Date | undefined;
  readonly cancelledAt: Date | undefined;
}

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
  const read = new ItemReader(value);
  if (read.name.kind !== "meta") throw read.error(ITEM_KEY);
  const regions = read.texts("regions", (text) => text, 1);
  return {
    sweepId: read.sweepId,
    name: read.text("name", /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
    stack: read.parsed("stack", () => parseStackName(read.text("stack"))),
    count: read.whole("count", 1, MAX_INDICES),
    regions: read.parsed("regions", () => parseRegionList(regions)),
    entries: read.texts("entries", parseStagingId),
    command: read.text("command", /\S/),
    retries: { interrupted: read.whole("retries_interrupted"), error: read.whole("retries_error") },
    timeoutSeconds: read.optional("timeout_seconds", (name) => read.whole(name, 1)),
    results: read.optional("results", (name) => read.text(name, /^s3:\/\//)),
    generation: read.whole("generation"),
    createdAt: read.date(CREATED_AT),
    deadlineAt: read.date("deadline_at"),
    startedAt: read.optional("started_at", (name) => read.date(name)),
    cancelledAt: read.optional("cancelled_at", (name) => read.date(name)),
  };
}
