import * as v from "valibot";
import { decode, MAPPING } from "../decode.ts";
import { UserError } from "../errors.ts";
import { shown } from "../printable.ts";
import { isRecord } from "../type-guards.ts";
import { isSweepId, type SweepId } from "./id.ts";
import { ITEM_KEY, type ItemName, parseItemKey, SWEEP_KEY } from "./item-keys.ts";

/** An item of the sweeps table that cannot be parsed. */
export class SweepItemError extends UserError {
  /** The attribute that is missing or malformed. */
  readonly attribute: string;

  constructor(item: string, attribute: string) {
    super(
      `the item ${item} of the sweeps table cannot be read: attribute ${attribute} is missing or malformed`,
      {
        why: "The item in DynamoDB was changed by hand or by another version of spawn.",
      },
    );
    this.attribute = attribute;
  }
}

/** A time in UTC, to the second. */
export const TIME = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/),
  v.transform((text) => new Date(text)),
  v.date(),
);

/** An item of one kind that is unmarshalled to plain values. */
interface ReadItem<Kind extends ItemName["kind"]> {
  readonly sweepId: SweepId;
  readonly name: Extract<ItemName, { kind: Kind }>;
  /** The attributes that a schema describes. @throws SweepItemError */
  read<const S extends v.GenericSchema>(schema: S): v.InferOutput<S>;
  error(attribute: string): SweepItemError;
}

/** @throws SweepItemError if the keys are not those of an item of this kind */
export function readItem<const Kind extends ItemName["kind"]>(kind: Kind, value: unknown): ReadItem<Kind> {
  const item: Readonly<Record<string, unknown>> = v.parse(MAPPING, isRecord(value) ? value : {});
  const { [SWEEP_KEY]: sweepId, [ITEM_KEY]: key } = item;
  const label = `${typeof sweepId === "string" ? shown(sweepId) : "?"} ${typeof key === "string" ? shown(key) : "?"}`;
  const error = (attribute: string): SweepItemError => new SweepItemError(label, attribute);
  if (typeof sweepId !== "string" || !isSweepId(sweepId)) throw error(SWEEP_KEY);
  const name = typeof key === "string" ? parseItemKey(key) : undefined;
  if (name === undefined || !isOf(kind, name)) throw error(ITEM_KEY);
  const read = <const S extends v.GenericSchema>(schema: S): v.InferOutput<S> =>
    decode(schema, item, ({ path }) => error(path.split(/[.[]/)[0] ?? ""));
  return { sweepId, name, error, read };
}

const isOf = <Kind extends ItemName["kind"]>(
  kind: Kind,
  name: ItemName,
): name is Extract<ItemName, { kind: Kind }> => name.kind === kind;
