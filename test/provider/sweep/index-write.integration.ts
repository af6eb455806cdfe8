import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { expect } from "chai";
import fc from "fast-check";
import { plainItem } from "../../../provider/plain-item.ts";
import type { SweepAccess } from "../../../provider/sweep/access.ts";
import { findIndex, findRegion } from "../../../provider/sweep/items.ts";
import { isConditionFailed, transact } from "../../../provider/sweep/transact.ts";
import { newSweepId } from "../../../staging/sweep/id.ts";
import { type IndexItem, indexItem, parseIndexItem } from "../../../staging/sweep/index-item.ts";
import {
  cancel,
  claim,
  complete,
  expire,
  fail,
  heartbeat,
  isRefused,
  type Outcome,
  release,
  retry,
} from "../../../staging/sweep/index-state.ts";
import {
  counterChanges,
  type ItemUpdate,
  indexUpdate,
  regionUpdate,
} from "../../../staging/sweep/index-write.ts";
import { newRegionItem, regionItem } from "../../../staging/sweep/region-item.ts";
import { PRIMARY } from "../cloud-fixture.ts";
import { FakeGroups } from "./fake-groups.ts";
import { SweepCloud, TABLE } from "./sweep-cloud.ts";

const RETRIES = { interrupted: 1, error: 1 };
const OWNERS = ["i-00000001", "i-00000002"] as const;
const at = (seconds: number): Date => new Date(1_800_000_000_000 + seconds * 1000);

/** Every transition of `index-state.ts`; a worker acts for the attempt that it sees. */
const TRANSITIONS: Record<string, (item: IndexItem, owner: string, now: Date) => Outcome> = {
  claim: (item, owner, now) => claim(item, owner, now, RETRIES),
  heartbeat: (item, owner, now) => heartbeat(item, { owner, attempt: item.attempt }, now),
  complete: (item, owner, now) => complete(item, { owner, attempt: item.attempt }, now),
  fail: (item, owner, now) =>
    fail(item, { owner, attempt: item.attempt }, { exitCode: 3, error: "größe" }, now, RETRIES),
  release: (item, owner, now) => release(item, { owner, attempt: item.attempt }, now, RETRIES),
  expire: (item, _owner, now) => expire(item, now, RETRIES),
  cancel: (item, _owner, now) => cancel(item, now),
  retry: (item) => retry(item, item.generation + 1, "ended"),
};

describe("The writes of transitions", () => {
  let cloud: SweepCloud;
  before(async () => {
    cloud = await SweepCloud.start();
  });
  after(() => cloud.stop());

  const step = fc.record({
    name: fc.constantFrom(...Object.keys(TRANSITIONS)),
    owner: fc.constantFrom(...OWNERS),
    seconds: fc.integer({ min: 0, max: 400 }),
  });

  it("leave the results of the pure functions in the table, and refuse decisions about an older item", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 15 }), async (steps) => {
        const access = cloud.access(newSweepId(), new FakeGroups({}));
        let item = await writeFresh(access);
        let seconds = 0;
        const olds: IndexItem[] = [];
        for (const { name, owner, seconds: more } of steps) {
          seconds += more;
          const outcome = TRANSITIONS[name]?.(item, owner, at(seconds));
          if (outcome === undefined || isRefused(outcome)) continue;
          expect(await write(access, item, outcome.item), name).to.equal(true);
          if (JSON.stringify(plain(outcome.item)) !== JSON.stringify(plain(item))) olds.push(item);
          item = outcome.item;
          expect(await findIndex(access, 0), name).to.deep.equal(parsed(item));
          const open = item.state === "pending" || item.state === "running";
          const region = await findRegion(access, PRIMARY);
          expect(region).to.include({
            open: open ? 1 : 0,
            done: item.state === "done" ? 1 : 0,
            failed: item.state === "failed" ? 1 : 0,
            cancelled: item.state === "cancelled" ? 1 : 0,
          });
        }
        for (const old of olds) {
          // A state can recur, but never the same attempt of it.
          if (isSame(old, item)) continue;
          const outcome = cancel(old, at(seconds));
          if (isRefused(outcome)) continue;
          expect(await write(access, old, outcome.item)).to.equal(false);
        }
        expect(await findIndex(access, 0)).to.deep.equal(parsed(item));
      }),
      { numRuns: 60 },
    );
  });
});

const plain = (item: IndexItem) => plainItem(indexItem(item));
const parsed = (item: IndexItem): IndexItem => parseIndexItem(plain(item));
const isSame = (a: IndexItem, b: IndexItem): boolean =>
  a.state === b.state &&
  a.attempt === b.attempt &&
  a.generation === b.generation &&
  JSON.stringify(plain(a)["lease_until"]) === JSON.stringify(plain(b)["lease_until"]);

async function writeFresh(access: SweepAccess): Promise<IndexItem> {
  const item: IndexItem = {
    sweepId: access.sweepId,
    index: 0,
    region: PRIMARY,
    params: undefined,
    generation: 0,
    attempt: 0,
    interruptions: 0,
    errors: 0,
    exitCode: undefined,
    error: undefined,
    state: "pending",
  };
  const region = newRegionItem(access.sweepId, { region: PRIMARY, start: 0, end: 1 }, 1);
  for (const Item of [indexItem(item), regionItem(region)])
    await access.client.send(new PutItemCommand({ TableName: TABLE, Item }));
  return item;
}

/** @returns whether the item was still `before` */
async function write(access: SweepAccess, before: IndexItem, after: IndexItem): Promise<boolean> {
  const update = (given: ItemUpdate) => ({ Update: { TableName: TABLE, ...given } });
  const region = regionUpdate(access.sweepId, before.region, counterChanges([{ before, after }]));
  const actions = [update(indexUpdate(before, after)), ...(region === undefined ? [] : [update(region)])];
  const reasons = await transact(access.client, actions, access.signal);
  return reasons === undefined || !reasons.some(isConditionFailed);
}
