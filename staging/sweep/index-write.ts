import { type AttributeValue, N, S } from "../attribute-value.ts";
import type { Region } from "../regions.ts";
import type { SweepId } from "./id.ts";
import { type IndexItem, indexItem } from "./index-item.ts";
import { ITEM_KEY, indexItemKey, regionItemKey, SWEEP_KEY } from "./item-keys.ts";

/*
 * How a transition of index-state.ts is written: two updates for one transaction, derived from the item before and after, so that no
 * transition has expressions of its own.
 *
 *   the index    condition: it is still what was read (state, attempt, generation, owner, lease)
 *                SET what differs, REMOVE what is gone
 *   the region   ADD to the counter of the state before and after: open (pending, running), done, failed, cancelled
 */

/** An update for DynamoDB, without the table. */
export interface ItemUpdate {
  readonly Key: Record<string, AttributeValue>;
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** Every change of an item changes one of these. */
const GUARDS = ["state", "attempt", "generation", "owner", "lease_until"] as const;

/**
 * The update of an index from `before`, as it was read, to `after`.
 * @param also other attributes to set
 */
export function indexUpdate(
  before: IndexItem,
  after: IndexItem,
  also: Readonly<Record<string, AttributeValue>> = {},
): ItemUpdate {
  const old = indexItem(before);
  const wanted: Record<string, AttributeValue> = { ...indexItem(after), ...also };
  const names = new Map<string, string>();
  const values: Record<string, AttributeValue> = {};
  const name = (attribute: string): string => {
    names.set(`#${attribute}`, attribute);
    return `#${attribute}`;
  };
  const value = (label: string, given: AttributeValue): string => {
    values[`:${label}`] = given;
    return `:${label}`;
  };
  const conditions = GUARDS.map((guard) => {
    const known = old[guard];
    return known === undefined
      ? `attribute_not_exists(${name(guard)})`
      : `${name(guard)} = ${value(`old_${guard}`, known)}`;
  });
  const sets = Object.entries(wanted)
    .filter(([attribute, given]) => !isSame(old[attribute], given))
    .map(([attribute, given]) => `${name(attribute)} = ${value(attribute, given)}`);
  const removes = Object.keys(old).filter((attribute) => wanted[attribute] === undefined);
  return {
    Key: { [SWEEP_KEY]: S(before.sweepId), [ITEM_KEY]: S(indexItemKey(before.index)) },
    ConditionExpression: conditions.join(" AND "),
    UpdateExpression: [clause("SET", sets), clause("REMOVE", removes.map(name))].filter(Boolean).join(" "),
    ExpressionAttributeNames: Object.fromEntries(names),
    ExpressionAttributeValues: values,
  };
}

const clause = (word: string, parts: readonly string[]): string =>
  parts.length === 0 ? "" : `${word} ${parts.join(", ")}`;

const isSame = (one: AttributeValue | undefined, other: AttributeValue): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** The counters of a region that transitions change. */
const COUNTERS = ["open", "done", "failed", "cancelled"] as const;
type Counters = Record<(typeof COUNTERS)[number], number>;

/** The counter that includes the index. */
const counterOf = ({ state }: IndexItem): keyof Counters =>
  state === "pending" || state === "running" ? "open" : state;

/** The changes of a region's counters by transitions. */
export function counterChanges(
  transitions: readonly { readonly before: IndexItem; readonly after: IndexItem }[],
): Counters {
  const changes: Counters = { open: 0, done: 0, failed: 0, cancelled: 0 };
  for (const { before, after } of transitions) {
    changes[counterOf(before)]--;
    changes[counterOf(after)]++;
  }
  return changes;
}

/** The update of a region's counters; undefined without changes. */
export function regionUpdate(sweepId: SweepId, region: Region, changes: Counters): ItemUpdate | undefined {
  const changed = COUNTERS.filter((counter) => changes[counter] !== 0);
  if (changed.length === 0) return undefined;
  return {
    Key: { [SWEEP_KEY]: S(sweepId), [ITEM_KEY]: S(regionItemKey(region)) },
    // ADD would create a missing item.
    ConditionExpression: "attribute_exists(#key)",
    UpdateExpression: `ADD ${changed.map((counter) => `#${counter} :${counter}`).join(", ")}`,
    ExpressionAttributeNames: Object.fromEntries([
      ["#key", SWEEP_KEY],
      ...changed.map((counter) => [`#${counter}`, counter]),
    ]),
    ExpressionAttributeValues: Object.fromEntries(
      changed.map((counter) => [`:${counter}`, N(changes[counter])]),
    ),
  };
}
