import { REGIONS, type Region } from "../regions.ts";

/** Hash key of the sweeps table. */
export const SWEEP_KEY = "sweep_id";
/** Range key of the sweeps table. */
export const ITEM_KEY = "item";
/** The attribute by which DynamoDB expires items: seconds since 1970. */
export const SWEEP_TTL_ATTRIBUTE = "expires_epoch";

/** The item of the sweep itself. */
export const META_ITEM = "meta";
/** Index of all sweeps by creation: only `meta` items have its hash key, which has one value, {@link SWEEP_KIND}. */
export const SWEEPS_INDEX = "by-creation";
export const SWEEP_KIND_ATTRIBUTE = "kind";
export const SWEEP_KIND = "sweep";
/** Range key of {@link SWEEPS_INDEX}. */
export const CREATED_AT = "created_at";
/** Prefix of the range key of a region's counters. */
export const REGION_ITEM_PREFIX = "region#";
/** Prefix of the range key of an index. */
export const INDEX_ITEM_PREFIX = "index#";

/** The number of digits, so that range keys sort by index. */
const INDEX_DIGITS = 6;

export const regionItemKey = (region: Region): string => `${REGION_ITEM_PREFIX}${region}`;
export const indexItemKey = (index: number): string =>
  `${INDEX_ITEM_PREFIX}${String(index).padStart(INDEX_DIGITS, "0")}`;

/** The meaning of a range key. */
export type ItemName =
  | { readonly kind: "meta" }
  | { readonly kind: "region"; readonly region: Region }
  | { readonly kind: "index"; readonly index: number }
  /** Marks that an instance has counted its download of an entry. */
  | { readonly kind: "download"; readonly instance: string; readonly stagingId: string };

const DOWNLOAD_ITEM = /^instance#(i-[0-9a-f]{8,17})#(stage-[0-9a-f]{12})$/;

/** The meaning of a range key; undefined for an unknown form. */
export function parseItemKey(text: string): ItemName | undefined {
  if (text === META_ITEM) return { kind: "meta" };
  if (text.startsWith(REGION_ITEM_PREFIX)) {
    const region = REGIONS.find((known) => known === text.slice(REGION_ITEM_PREFIX.length));
    return region === undefined ? undefined : { kind: "region", region };
  }
  const [, instance, stagingId] = DOWNLOAD_ITEM.exec(text) ?? [];
  if (instance !== undefined && stagingId !== undefined) return { kind: "download", instance, stagingId };
  const digits = text.startsWith(INDEX_ITEM_PREFIX) ? text.slice(INDEX_ITEM_PREFIX.length) : "";
  return /^\d{6}$/.test(digits) ? { kind: "index", index: Number(digits) } : undefined;
}

/**
 * The attribute of the sweep's own item with the generation whose deadline is set. While it is higher than
 * `generation`, a retry is running, or was interrupted.
 */
export const DEADLINE_GENERATION = "deadline_generation";
