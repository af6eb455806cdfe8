import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { S } from "../../staging/attribute-value.ts";
import { expiryAttribute, itemsExpireAt } from "../../staging/sweep/expiry.ts";
import {
  DEADLINE_GENERATION,
  ITEM_KEY,
  META_ITEM,
  SWEEP_TTL_ATTRIBUTE,
} from "../../staging/sweep/item-keys.ts";
import { metaItem, parseMetaItem, type SweepMeta } from "../../staging/sweep/meta-item.ts";
import { isoSeconds } from "../../staging/ttl.ts";
import { conditionMet } from "../conditional-write.ts";
import type { SweepAccess } from "./access.ts";
import { findMeta, updateItem } from "./items.ts";
import type { RunPlan } from "./plan.ts";

/*
 * The sweep's own item orders the steps of a run. `deadline_generation` is the generation whose deadline is set; only then may groups
 * get their capacity. `started_at` and `generation` commit that they have it.
 */

/** SHA-256 of the inputs at the launch. */
const FINGERPRINT = "inputs_sha256";

/** The sweep's item and its fingerprint, which only runs use. */
export interface RunItem {
  readonly meta: SweepMeta;
  /** Undefined in an item of an earlier version. */
  readonly fingerprint: string | undefined;
}

/** Undefined if the sweep has no item. @throws SweepItemError if the item cannot be parsed */
export async function findRun(access: SweepAccess): Promise<RunItem | undefined> {
  const plain = await findMeta(access);
  if (plain === undefined) return undefined;
  const fingerprint = plain[FINGERPRINT];
  return {
    meta: parseMetaItem(plain),
    fingerprint: typeof fingerprint === "string" ? fingerprint : undefined,
  };
}

/** Writes the sweep's item unless it exists. */
export async function putRunIfAbsent(access: SweepAccess, plan: RunPlan, deadlineAt: Date): Promise<void> {
  const { inputs, sweepId, stack, entries, regionList } = plan;
  const item = metaItem({
    sweepId,
    name: inputs.name,
    stack,
    count: inputs.count,
    regions: regionList,
    entries,
    command: inputs.command,
    retries: { interrupted: inputs.retriesInterrupted, error: inputs.retriesError },
    timeoutSeconds: inputs.timeoutSeconds,
    results: inputs.results,
    generation: inputs.generation,
    createdAt: access.now(),
    deadlineAt,
    startedAt: undefined,
    cancelledAt: undefined,
  });
  const command = new PutItemCommand({
    TableName: access.table,
    Item: { ...item, ...expiryAttribute(deadlineAt), [FINGERPRINT]: S(plan.fingerprint) },
    ConditionExpression: "attribute_not_exists(#item)",
    ExpressionAttributeNames: { "#item": ITEM_KEY },
  });
  await conditionMet(() => access.client.send(command, { abortSignal: access.signal }));
}

/**
 * Sets the deadline of a generation once, so that a repeated run does not extend it. Sets it again after it has passed, because
 * otherwise nothing could run.
 * @param reopen whether to clear an earlier cancellation
 * @returns the sweep's current item: with that deadline, unless it was cancelled or another process has started it
 */
export async function settleDeadline(
  access: SweepAccess,
  { inputs: { generation, deadlineSeconds } }: RunPlan,
  reopen: boolean,
): Promise<SweepMeta> {
  const now = access.now();
  const deadline = new Date(now.getTime() + deadlineSeconds * 1000);
  const update = (condition: string, remove = "", values: object = {}): Promise<boolean> =>
    updateItem(access, META_ITEM, {
      UpdateExpression: `SET #deadline = :deadline, #settled = :generation, #expires = :expires${remove}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: {
        "#deadline": "deadline_at",
        "#settled": DEADLINE_GENERATION,
        "#expires": SWEEP_TTL_ATTRIBUTE,
        "#cancelled": "cancelled_at",
        "#started": "started_at",
      },
      ExpressionAttributeValues: marshall({
        ":deadline": isoSeconds(deadline),
        ":generation": generation,
        ":expires": itemsExpireAt(deadline),
        ...values,
      }),
    });
  const isNew = "(attribute_not_exists(#settled) OR #settled < :generation)";
  const isSettled = reopen
    ? await update(`attribute_exists(#started) AND ${isNew}`, " REMOVE #cancelled")
    : await update(`${NOT_STARTED} AND ${NOT_CANCELLED} AND ${isNew}`);
  if (!isSettled) {
    const state = reopen ? "attribute_exists(#started)" : NOT_STARTED;
    const passed = `${state} AND ${NOT_CANCELLED} AND #settled = :generation AND #deadline <= :now`;
    await update(passed, "", { ":now": isoSeconds(now) });
  }
  return requireRun(access);
}

const NOT_STARTED = "attribute_not_exists(#started)";
const NOT_CANCELLED = "attribute_not_exists(#cancelled)";

/** Commits a launch. @returns the sweep's current item; it may have been cancelled instead */
export async function commitStart(access: SweepAccess): Promise<SweepMeta> {
  await updateItem(access, META_ITEM, {
    UpdateExpression: "SET #started = :now",
    ConditionExpression: `attribute_exists(#item) AND ${NOT_STARTED} AND ${NOT_CANCELLED}`,
    ExpressionAttributeNames: { "#item": ITEM_KEY, "#started": "started_at", "#cancelled": "cancelled_at" },
    ExpressionAttributeValues: { ":now": S(isoSeconds(access.now())) },
  });
  return requireRun(access);
}

/** Commits a retry. @returns the sweep's current item; it may have been cancelled instead */
export async function commitGeneration(access: SweepAccess, generation: number): Promise<SweepMeta> {
  await updateItem(access, META_ITEM, {
    UpdateExpression: "SET #generation = :generation",
    ConditionExpression: `#generation < :generation AND ${NOT_CANCELLED}`,
    ExpressionAttributeNames: { "#generation": "generation", "#cancelled": "cancelled_at" },
    ExpressionAttributeValues: marshall({ ":generation": generation }),
  });
  return requireRun(access);
}

/** @throws SweepItemError if the item is missing */
async function requireRun(access: SweepAccess): Promise<SweepMeta> {
  const run = await findRun(access);
  return run === undefined ? parseMetaItem(undefined) : run.meta;
}
