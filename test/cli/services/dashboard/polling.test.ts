import { expect } from "chai";
import type { PartEvent } from "../../../../dashboard/snapshot.ts";
import { busyParts, EMPTY_PARTS, failedPart, read } from "../../../dashboard/fake-data.ts";
import { FakeEnvironment } from "../../../dashboard/fake-environment.ts";

describe("The dashboard's polling", () => {
  it("reads nothing without a page, and shares its reads between pages", async () => {
    const fake = new FakeEnvironment(EMPTY_PARTS);
    expect(fake.reads).to.deep.equal({ transfers: 0, sweeps: 0, entries: 0, presence: 0, cost: 0 });
    const events: [PartEvent[], PartEvent[]] = [[], []];
    const stop = events.map((list) => fake.polling.subscribe((event) => list.push(event)));
    await fake.idle();
    expect(fake.reads).to.deep.equal({ transfers: 1, sweeps: 1, entries: 1, presence: 1, cost: 1 });
    expect(events[0]).to.have.length(5).and.deep.equal(events[1]);
    stop[0]?.();
    fake.advance(3_000);
    await fake.idle();
    expect(fake.reads).to.deep.equal({ transfers: 2, sweeps: 1, entries: 1, presence: 1, cost: 1 });
    expect([events[0].length, events[1].length]).to.deep.equal([5, 6]);
    stop[1]?.();
    await fake.idle(0);
    fake.advance(3_600_000);
    expect(fake.reads.transfers).to.equal(2);
  });

  it("reads each part at its own interval", async () => {
    const fake = new FakeEnvironment(EMPTY_PARTS);
    const stop = fake.polling.subscribe(() => undefined);
    for (let second = 0; second < 600; second += 1) {
      await fake.idle();
      fake.advance(1_000);
    }
    await fake.idle();
    stop();
    expect(fake.reads).to.deep.equal({ transfers: 201, sweeps: 121, entries: 61, presence: 2, cost: 11 });
  });

  it("does not read more often when pages are opened again", async () => {
    const fake = new FakeEnvironment(EMPTY_PARTS);
    for (let times = 0; times < 5; times += 1) {
      const stop = fake.polling.subscribe(() => undefined);
      await fake.idle();
      stop();
      await fake.idle(0);
    }
    expect(fake.reads).to.deep.equal({ transfers: 1, sweeps: 1, entries: 1, presence: 1, cost: 1 });
  });

  it("sends a read that an earlier page began to the next page", async () => {
    const fake = new FakeEnvironment(EMPTY_PARTS);
    let release = (): void => undefined;
    fake.hold = new Promise((resolve) => {
      release = resolve;
    });
    fake.polling.subscribe(() => undefined)();
    const events: PartEvent[] = [];
    const stop = fake.polling.subscribe((event) => events.push(event));
    release();
    await fake.idle();
    stop();
    expect(events.map(({ part }) => part.error ?? part.value === null)).to.deep.equal(Array(5).fill(false));
    expect(fake.reads).to.deep.equal({ transfers: 1, sweeps: 1, entries: 1, presence: 1, cost: 1 });
  });

  it("keeps the last value after a failed read, and reads less often until one succeeds", async () => {
    const fake = new FakeEnvironment(busyParts());
    const events: PartEvent[] = [];
    const stop = fake.polling.subscribe((event) => event.name === "transfers" && events.push(event));
    await fake.idle();
    fake.parts = { ...fake.parts, transfers: failedPart({ message: "no answer" }) };
    fake.advance(3_000);
    await fake.idle();
    expect(events.at(-1)?.part).to.deep.equal({
      ...fake.polling.parts.transfers,
      value: busyParts().transfers.value,
      error: { message: "no answer" },
    });
    for (let seconds = 0; seconds < 120; seconds += 1) {
      fake.advance(1_000);
      await fake.idle();
    }
    // After 6, 12 and 24 seconds, then every 30.
    expect(fake.reads.transfers).to.equal(2 + 3 + 2);
    fake.parts = { ...fake.parts, transfers: read([]) };
    fake.advance(30_000);
    await fake.idle();
    expect(events.at(-1)?.part).to.deep.include({ value: [], error: null });
    fake.advance(3_000);
    await fake.idle();
    expect(fake.reads.transfers).to.equal(9);
    stop();
  });
});
