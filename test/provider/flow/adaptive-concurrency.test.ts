import { expect } from "chai";
import { AdaptiveConcurrency, type ConcurrencyRange } from "../../../provider/flow/adaptive-concurrency.ts";
import { KIB, MIB } from "../../../staging/units.ts";

/** A network's capacity in bytes per second, and the use of it. */
interface Network {
  readonly perConnection: number;
  /** Of all connections together. */
  readonly total: number;
  /** Milliseconds before the first byte of a request. */
  readonly latency: number;
  readonly requestBytes: number;
  /** Whether another request always waits. @default true */
  readonly hasQueue?: boolean;
  /** @default 0.1 */
  readonly utilization?: number;
}

const PARTS: ConcurrencyRange = { initial: 8, max: 64 };
const OBJECTS: ConcurrencyRange = { initial: 32, max: 256 };
const STEP_MS = 10;

/** Sends for this many seconds, in steps of some milliseconds. */
class Simulation {
  readonly concurrency: AdaptiveConcurrency;
  /** The limit after each step. */
  readonly limits: number[] = [];
  #network: Network;
  #running: { began: number; waited: number; left: number }[] = [];
  #now = 0;

  constructor(limits: ConcurrencyRange, network: Network) {
    this.#network = network;
    this.concurrency = new AdaptiveConcurrency(limits, () => this.#network.utilization ?? 0.1);
  }

  /** Completes everything in flight, then sends nothing for this many seconds. */
  rest(seconds: number): this {
    for (const { began } of this.#running.splice(0)) {
      this.concurrency.finished(this.#network.requestBytes, false, this.#now, this.#now - began);
    }
    this.#now += seconds * 1000;
    return this;
  }

  throttle(): void {
    this.concurrency.throttled(this.#now);
  }

  run(seconds: number, network = this.#network): this {
    this.#network = network;
    const { perConnection, total, latency, requestBytes, hasQueue = true } = network;
    for (const end = this.#now + seconds * 1000; this.#now < end; this.#now += STEP_MS) {
      while (this.#running.length < this.concurrency.limit) {
        this.concurrency.started(requestBytes);
        this.#running.push({ began: this.#now, waited: 0, left: requestBytes });
      }
      const sending = this.#running.filter(({ waited }) => waited >= latency).length;
      const bytes = Math.min(perConnection, total / Math.max(1, sending)) * (STEP_MS / 1000);
      for (const one of this.#running) {
        if (one.waited < latency) {
          one.waited += STEP_MS;
          continue;
        }
        const sent = Math.min(bytes, one.left);
        one.left -= sent;
        this.concurrency.sent(sent, hasQueue, this.#now);
        if (one.left <= 0)
          this.concurrency.finished(requestBytes, hasQueue, this.#now, this.#now - one.began);
      }
      this.#running = this.#running.filter(({ left }) => left > 0);
      this.limits.push(this.concurrency.limit);
    }
    return this;
  }
}

const network = (more: Partial<Network> = {}): Network => ({
  ...{ perConnection: 10 * MIB, total: 100_000 * MIB, latency: 50, requestBytes: 16 * MIB },
  ...more,
});

describe("AdaptiveConcurrency", () => {
  it("doubles the parts in flight as long as each connection adds throughput", () => {
    const { limits } = new Simulation(PARTS, network()).run(10);
    expect(limits[0]).to.equal(8);
    expect(limits.at(-1)).to.equal(64);
    expect(limits.indexOf(64) * STEP_MS).to.be.within(3_000, 9_000);
  });

  it("doubles within a second if small files wait for responses", () => {
    const { limits } = new Simulation(OBJECTS, network({ requestBytes: 16 * KIB })).run(2);
    expect(limits.indexOf(256) * STEP_MS).to.be.within(300, 1_200);
  });

  it("finds the capacity of a network, and returns to it", () => {
    const { limits, concurrency } = new Simulation(PARTS, network({ total: 200 * MIB })).run(25);
    expect(concurrency.limit).to.equal(16);
    expect(Math.max(...limits)).to.equal(32);
  });

  it("stays low on a network that others fill, except for a trial every half minute", () => {
    const { limits } = new Simulation(PARTS, network({ total: 50 * MIB })).run(120);
    expect(limits.filter((limit) => limit === 8).length / limits.length).to.be.greaterThan(0.9);
    const trials = limits.filter((limit, at) => limit > (limits[at - 1] ?? limit)).length;
    expect(trials).to.be.within(2, 5);
  });

  it("sends no more on a slow network than it can send in two minutes", () => {
    const { limits } = new Simulation(PARTS, network({ total: 1 * MIB })).run(120);
    expect(Math.max(...limits)).to.equal(8);
  });

  it("detects that a network has become faster", () => {
    const full = network({ total: 50 * MIB });
    expect(new Simulation(PARTS, full).run(60).run(60, network()).concurrency.limit).to.equal(64);
  });

  const mostOf = (utilization: number, latency: number): number => {
    const small = network({ requestBytes: 16 * KIB, utilization, latency });
    return Math.max(...new Simulation(OBJECTS, small).run(10).limits);
  };

  it("sends no more requests to a server nearby from a process that is busy half of its time", () => {
    expect(mostOf(0.4, 10)).to.equal(256);
    expect(mostOf(0.6, 10)).to.equal(32);
  });

  it("sends more requests to a server far away from the same process, up to 80 % of its time", () => {
    expect(mostOf(0.75, 50)).to.equal(256);
    expect(mostOf(0.85, 50)).to.equal(32);
  });

  it("expects of a busy process only a share of the gain that it has time for", () => {
    // At 75 %, four thirds of the rate is the most that the process can reach: a gain of 13 % is worth it.
    const limitAfter = (gain: number): number => {
      const concurrency = new AdaptiveConcurrency(OBJECTS, () => 0.75);
      for (let now = 0; now < 3_000; now += 10) {
        const answers = concurrency.limit === 32 ? 5 : 5 * gain;
        for (let one = 0; one < answers; one += 1) concurrency.finished(16 * KIB, true, now, 50);
      }
      return concurrency.limit;
    };
    expect(limitAfter(1.2)).to.equal(64);
    expect(limitAfter(1)).to.equal(32);
  });

  it("does not change while everything to send is in flight", () => {
    const { limits } = new Simulation(PARTS, network({ hasQueue: false })).run(30);
    expect(Math.max(...limits)).to.equal(8);
  });

  it("ignores times without data to send", () => {
    const simulation = new Simulation(PARTS, network()).run(3);
    const { limit } = simulation.concurrency;
    simulation.rest(600).run(0.5);
    expect(simulation.concurrency.limit).to.equal(limit);
    expect(simulation.run(20).concurrency.limit).to.equal(64);
  });

  it("continues during copies, which send no bytes from here", () => {
    const concurrency = new AdaptiveConcurrency(OBJECTS, () => 0);
    let now = 0;
    for (let round = 0; round < 60; round += 1, now += 50) {
      const asked = concurrency.limit;
      for (let one = 0; one < asked; one += 1) concurrency.started(0);
      for (let one = 0; one < asked; one += 1) concurrency.finished(0, true, now, 10);
    }
    expect(concurrency.limit).to.equal(256);
  });

  describe("when the server throttles", () => {
    const throttle = (simulation: Simulation, times = 1) => {
      for (let time = 0; time < times; time += 1) simulation.throttle();
      return simulation;
    };

    it("halves once for all requests that were in flight together", () => {
      const simulation = new Simulation(OBJECTS, network({ requestBytes: 16 * KIB })).run(2);
      expect(throttle(simulation, 100).concurrency.limit).to.equal(128);
      expect(throttle(simulation.run(0.9), 100).concurrency.limit).to.equal(128);
      expect(throttle(simulation.run(0.2)).concurrency.limit).to.equal(64);
    });

    it("stays at four or more", () => {
      const simulation = new Simulation(PARTS, network());
      for (let second = 0; second < 10; second += 1) throttle(simulation.run(1.1));
      expect(simulation.concurrency.limit).to.equal(4);
    });

    it("grows again after ten seconds without throttling", () => {
      const simulation = throttle(new Simulation(PARTS, network()).run(10));
      expect(simulation.run(9).concurrency.limit).to.equal(32);
      expect(simulation.run(10).concurrency.limit).to.equal(64);
    });
  });
});
