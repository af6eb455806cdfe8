import { unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "chai";
import fc from "fast-check";
import type { Region } from "../../../staging/regions.ts";
import { newSweepId } from "../../../staging/sweep/id.ts";
import { type IndexItem, indexItem, parseIndexItem } from "../../../staging/sweep/index-item.ts";
import {
  cancel,
  claim,
  complete,
  expire,
  fail,
  type Holder,
  heartbeat,
  isRefused,
  LEASE_SECONDS,
  type Outcome,
  type Retries,
  release,
  retry,
} from "../../../staging/sweep/index-state.ts";

const sweepId = newSweepId();
const START = Date.parse("2026-11-10T12:00:00Z");
const at = (seconds: number): Date => new Date(START + seconds * 1000);
const OWNERS = ["i-00000001", "i-00000002", "i-00000003"] as const;
const [ONE, TWO] = OWNERS;
const RETRIES: Retries = { interrupted: 1, error: 1 };

const fresh = (index = 0): IndexItem => ({
  sweepId,
  index,
  region: "us-east-1" as Region,
  params: undefined,
  generation: 0,
  attempt: 0,
  interruptions: 0,
  errors: 0,
  exitCode: undefined,
  error: undefined,
  state: "pending",
});

function itemOf(outcome: Outcome): IndexItem {
  if (isRefused(outcome)) throw new Error(`refused: ${outcome.refused}`);
  return outcome.item;
}

const refusalOf = (outcome: Outcome): string => (isRefused(outcome) ? outcome.refused : "accepted");
const held = (owner: string, attempt = 1): Holder => ({ owner, attempt });

const claimed = (item = fresh(), owner: string = ONE, seconds = 0): IndexItem =>
  itemOf(claim(item, owner, at(seconds), RETRIES));

describe("an index of a sweep", () => {
  it("is claimed, run and completed", () => {
    const running = claimed();
    expect(running).to.include({
      state: "running",
      owner: ONE,
      attempt: 1,
      leaseUntil: START / 1000 + LEASE_SECONDS,
    });
    const done = complete(running, held(ONE), at(10));
    expect(done).to.deep.include({ open: -1 });
    expect(itemOf(done)).to.include({ state: "done", exitCode: 0, owner: ONE });
  });

  it("is leased until the lease expires, and is then claimed by another worker", () => {
    const running = claimed();
    expect(refusalOf(claim(running, TWO, at(LEASE_SECONDS - 1), RETRIES))).to.equal("leased");
    const taken = itemOf(claim(running, TWO, at(LEASE_SECONDS), RETRIES));
    expect(taken).to.include({ state: "running", owner: TWO, attempt: 2, interruptions: 1 });
    expect(refusalOf(complete(taken, held(ONE), at(400)))).to.equal("not-owner");
    expect(refusalOf(fail(taken, held(ONE), { error: "x" }, at(400), RETRIES))).to.equal("not-owner");
    expect(refusalOf(heartbeat(taken, held(ONE), at(400)))).to.equal("not-owner");
    expect(refusalOf(release(taken, held(ONE), at(400), RETRIES))).to.equal("not-owner");
  });

  it("continues the same attempt after a reboot of its worker", () => {
    const running = claimed();
    const again = itemOf(claim(running, ONE, at(1_000), RETRIES));
    expect(again).to.include({
      owner: ONE,
      attempt: 1,
      interruptions: 0,
      leaseUntil: START / 1000 + 1_000 + LEASE_SECONDS,
    });
  });

  it("can be completed by its owner after the lease, unless another worker has claimed it", () => {
    const running = claimed();
    expect(itemOf(complete(running, held(ONE), at(9_999))).state).to.equal("done");
  });

  it("is held by heartbeats, also of a clock that is set back", () => {
    const running = claimed();
    const later = itemOf(heartbeat(running, held(ONE), at(60)));
    expect(later).to.include({ leaseUntil: START / 1000 + 60 + LEASE_SECONDS });
    expect(itemOf(heartbeat(later, held(ONE), at(-3_600)))).to.include({
      leaseUntil: START / 1000 + 60 + LEASE_SECONDS,
    });
    expect(refusalOf(expire(later, at(LEASE_SECONDS + 59), RETRIES))).to.equal("not-expired");
  });

  it("runs again after an error as often as allowed, then fails with the exit code", () => {
    const first = itemOf(fail(claimed(), held(ONE), { exitCode: 3, error: "e" }, at(1), RETRIES));
    expect(first).to.include({ state: "pending", errors: 1, exitCode: 3, error: "e" });
    const second = fail(claimed(first, TWO, 2), held(TWO, 2), { exitCode: 4, error: "f" }, at(3), RETRIES);
    expect(second).to.include({ open: -1 });
    expect(itemOf(second)).to.include({ state: "failed", errors: 2, exitCode: 4, error: "f", attempt: 2 });
  });

  it("fails at once by an error that another attempt cannot help", () => {
    const running = claimed();
    const failure = { error: "SHA256 checksum mismatch", final: true };
    expect(itemOf(fail(running, held(ONE), failure, at(1), RETRIES))).to.include({
      state: "failed",
      error: "SHA256 checksum mismatch",
    });
  });

  it("counts interruptions and errors apart", () => {
    const released = itemOf(release(claimed(), held(ONE), at(1), RETRIES));
    expect(released).to.include({ state: "pending", interruptions: 1, errors: 0 });
    const failed = itemOf(fail(claimed(released, TWO, 2), held(TWO, 2), { error: "e" }, at(3), RETRIES));
    expect(failed).to.include({ state: "pending", interruptions: 1, errors: 1 });
    const last = release(claimed(failed, ONE, 4), held(ONE, 3), at(5), RETRIES);
    expect(itemOf(last)).to.include({
      state: "failed",
      error: `interrupted 2 times; the last instance was ${ONE}`,
      exitCode: undefined,
    });
  });

  it("fails after its last expiry, and the claim reports it", () => {
    const retries = { interrupted: 0, error: 0 };
    const expired = claim(itemOf(claim(fresh(), ONE, at(0), retries)), TWO, at(LEASE_SECONDS), retries);
    expect(expired).to.include({ open: -1 });
    expect(itemOf(expired)).to.include({
      state: "failed",
      error: `interrupted once; the last instance was ${ONE}`,
    });
  });

  it("is cancelled unless it has ended", () => {
    expect(cancel(fresh(), at(0))).to.include({ open: -1 });
    const running = claimed();
    const cancelled = itemOf(cancel(running, at(1)));
    expect(cancelled).to.include({ state: "cancelled", owner: ONE });
    for (const ended of [cancelled, itemOf(complete(running, held(ONE), at(1)))]) {
      expect(refusalOf(cancel(ended, at(2)))).to.equal("ended");
      expect(refusalOf(claim(ended, TWO, at(2), RETRIES))).to.equal("ended");
      expect(refusalOf(complete(ended, held(ONE), at(2)))).to.equal("not-owner");
    }
  });

  it("is opened again by a higher generation only, with all attempts and the next number", () => {
    const failed = itemOf(fail(claimed(), held(ONE), { error: "e", final: true }, at(1), RETRIES));
    expect(refusalOf(retry(failed, 0, "unfinished"))).to.equal("not-retried");
    const again = retry(failed, 1, "unfinished");
    expect(again).to.include({ open: 1 });
    expect(itemOf(again)).to.deep.equal({ ...fresh(), attempt: 1, generation: 1 });
    expect(refusalOf(retry(itemOf(again), 2, "ended"))).to.equal("not-retried");
    const done = itemOf(complete(claimed(itemOf(again), ONE, 2), held(ONE, 2), at(3)));
    expect(refusalOf(retry(done, 2, "unfinished"))).to.equal("not-retried");
    expect(itemOf(retry(done, 2, "ended"))).to.include({ state: "pending", attempt: 2, generation: 2 });
  });
});

const OF_OWNERS = ["heartbeat", "complete", "fail", "final", "release"] as const;
const ACTIONS = [...OF_OWNERS, "claim", "expire", "cancel", "retry"] as const;

/** One step of a sweep: an action of a worker or a user, after some seconds. */
interface Step {
  readonly action: (typeof ACTIONS)[number];
  readonly index: number;
  readonly worker: number;
  readonly after: number;
}

const steps = fc.array(
  fc.record<Step>({
    action: fc.constantFrom("claim", "claim", ...ACTIONS),
    index: fc.nat({ max: 2 }),
    worker: fc.nat({ max: 2 }),
    after: fc.constantFrom(0, 1, 60, LEASE_SECONDS, 2 * LEASE_SECONDS),
  }),
  { maxLength: 80 },
);
const limits = fc.record({ interrupted: fc.nat({ max: 2 }), error: fc.nat({ max: 2 }) });

describe("a sweep of indices, whatever happens in whatever order", () => {
  it("has one owner of an index at a time, refuses former ones, limits attempts, and counts what is open", () => {
    fc.assert(
      fc.property(steps, limits, (all, retries) => {
        const items = [0, 1, 2].map(fresh);
        // The indices that each worker believes to hold; it gets no message when it loses one.
        const beliefs = new Map<string, Holder>();
        const ownerOf = new Map<string, string>();
        let open = items.length;
        let now = 0;
        let generation = 0;
        for (const { action, index, worker, after } of all) {
          now += after;
          const time = at(now);
          const item = items[index] ?? fresh(index);
          const owner = OWNERS[worker] ?? ONE;
          const belief = beliefs.get(`${owner} ${index}`) ?? { owner, attempt: 0 };
          if (action === "retry") generation++;
          const outcome: Outcome = {
            claim: () => claim(item, owner, time, retries),
            heartbeat: () => heartbeat(item, belief, time),
            complete: () => complete(item, belief, time),
            fail: () => fail(item, belief, { exitCode: 1, error: "e" }, time, retries),
            final: () => fail(item, belief, { error: "e", final: true }, time, retries),
            release: () => release(item, belief, time, retries),
            expire: () => expire(item, time, retries),
            cancel: () => cancel(item, time),
            retry: () => retry(item, generation, "ended"),
          }[action]();
          const acts = OF_OWNERS.some((one) => one === action);
          const isOwner = item.state === "running" && item.owner === owner && item.attempt === belief.attempt;
          if (acts) expect(isRefused(outcome)).to.equal(!isOwner);
          if (isRefused(outcome)) continue;
          const next = outcome.item;
          items[index] = next;
          open += outcome.open;
          expect(next.attempt).to.be.within(item.attempt, item.attempt + 1);
          if (next.state === "running") {
            if (action === "claim") beliefs.set(`${owner} ${index}`, { owner, attempt: next.attempt });
            // An attempt never changes its owner.
            const key = `${index} ${next.attempt}`;
            expect(ownerOf.get(key) ?? next.owner).to.equal(next.owner);
            ownerOf.set(key, next.owner);
          }
          expect(next.interruptions).to.be.at.most(retries.interrupted + 1);
          expect(next.errors).to.be.at.most(retries.error + 1);
          if (next.state === "pending" || next.state === "running") {
            expect(next.interruptions).to.be.at.most(retries.interrupted);
            expect(next.errors).to.be.at.most(retries.error);
          }
          expect(open).to.equal(
            items.filter(({ state }) => state === "pending" || state === "running").length,
          );
          expect(parseIndexItem(unmarshall(indexItem(next) as never))).to.deep.equal(next);
        }
      }),
      { numRuns: 500 },
    );
  });
});
