import { type AttributeValue, N } from "../attribute-value.ts";
import { SWEEP_TTL_ATTRIBUTE } from "./item-keys.ts";
import { ITEM_TTL_DAYS } from "./names.ts";

const SECONDS_PER_DAY = 86_400;

/** Seconds since 1970 from which DynamoDB removes the items of a sweep. */
export const itemsExpireAt = (deadline: Date): number =>
  Math.floor(deadline.getTime() / 1000) + ITEM_TTL_DAYS * SECONDS_PER_DAY;

/** The attribute by which an item of a sweep expires. */
export const expiryAttribute = (deadline: Date): Record<string, AttributeValue> => ({
  [SWEEP_TTL_ATTRIBUTE]: N(itemsExpireAt(deadline)),
});
