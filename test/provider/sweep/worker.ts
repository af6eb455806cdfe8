import { GetItemCommand, TransactWriteItemsCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { plainItem } from "../../../provider/plain-item.ts";
import type { SweepAccess } from "../../../provider/sweep/access.ts";
import { findRegion } from "../../../provider/sweep/items.ts";
import { itemKey } from "../../../provider/sweep/queries.ts";
import type { Region } from "../../../staging/regions.ts";
import { type IndexItem, parseIndexItem } from "../../../staging/sweep/index-item.ts";
import { claim, complete, fail, isRefused, type Outcome } from "../../../staging/sweep/index-state.ts";
import {
  counterChanges,
  type ItemUpdate,
  indexUpdate,
  regionUpdate,
} from "../../../staging/sweep/index-write.ts";
import { indexItemKey, regionItemKey } from "../../../staging/sweep/item-keys.ts";
import type { FakeGroups } from "./fake-groups.ts";

const RETRIES = { interrupted: 3, error: 0 };
const OWNER = "i-00000001";

/** A worker that uses the functions which the script implements with the AWS CLI. */
export class Worker {
  readonly #access: SweepAccess;
  readonly #groups: FakeGroups;

  constructor(access: SweepAccess, groups: FakeGroups) {
    this.#access = access;
    this.#groups = groups;
  }

  async index(index: number): Promise<IndexItem> {
    const { client, table } = this.#access;
    const Key = itemKey(this.#access.sweepId, indexItemKey(index));
    const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
    return parseIndexItem(plainItem(Item ?? {}));
  }

  claim(index: number): Promise<IndexItem> {
    return this.#move(index, (item) => claim(item, OWNER, this.#access.now(), RETRIES));
  }

  complete(index: number): Promise<IndexItem> {
    return this.#move(index, (item) =>
      complete(item, { owner: OWNER, attempt: item.attempt }, this.#access.now()),
    );
  }

  fail(index: number): Promise<IndexItem> {
    return this.#move(index, (item) =>
      fail(
        item,
        { owner: OWNER, attempt: item.attempt },
        { exitCode: 3, error: "it's broken" },
        this.#access.now(),
        RETRIES,
      ),
    );
  }

  /** Removes itself from the workers that are alive. */
  async takeOff(region: Region): Promise<void> {
    const { client, table } = this.#access;
    await client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: itemKey(this.#access.sweepId, regionItemKey(region)),
        UpdateExpression: "ADD alive :less",
        ConditionExpression: "alive > :none",
        ExpressionAttributeValues: { ":less": { N: "-1" }, ":none": { N: "0" } },
      }),
    );
  }

  /** Ends itself, with decrement. */
  end(region: Region): void {
    this.#groups.of(region).desired--;
  }

  async leave(region: Region): Promise<void> {
    await this.takeOff(region);
    this.end(region);
  }

  async #move(index: number, transition: (item: IndexItem) => Outcome): Promise<IndexItem> {
    const before = await this.index(index);
    const outcome = transition(before);
    if (isRefused(outcome)) throw new Error(`index ${index}: ${outcome.refused}`);
    const { sweepId, client, table: TableName } = this.#access;
    const counters = counterChanges([{ before, after: outcome.item }]);
    const update = (given: ItemUpdate) => ({ Update: { TableName, ...given } });
    const ofRegion = regionUpdate(sweepId, before.region, counters);
    await client.send(
      new TransactWriteItemsCommand({
        TransactItems: [
          update(indexUpdate(before, outcome.item)),
          ...(ofRegion === undefined ? [] : [update(ofRegion)]),
        ],
      }),
    );
    await findRegion(this.#access, before.region); // the counters are still consistent
    return this.index(index);
  }
}
