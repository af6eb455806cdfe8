import { expect } from "chai";
import { Pace, type PaceLimits } from "../../../../provider/transfer/flow/adaptive-concurrency.ts";
import { KIB, MIB } from "../../../../staging/units.ts";

/** What a network gives, in bytes a second, and how it is used. */
interface Network {
  readonly perConnection: number;
  /** Of all connections together. */
  readonly total: number;
  /** Milliseconds before a request's first byte goes. */
  readonly latency: number;
  readonly requestBytes: number;
  /** Whether another request always waits. @default true */
  readonly isWaitedFor?: boolean;
  /** @default 0.1 */
  readonly utilization?: number;
}

const PARTS: PaceLimits = { first: 8, most: 64 };
const OBJECTS: PaceLimits = { first: 32, most: 256 };
const STEP_MS = 10;

/** Sends for so many seconds, in steps of some milliseconds. */
class Simulation {
  readonly pace: Pace;
  /** The limit after each step. */
  readonly limits: number[] = [];
  #network: Network;
  #running: { waited: number; left: number }[] = [];
  #now = 0;

  constructor(limits: PaceLimits, network: Network) {
    this.#network = network;
    this.pace = new Pace(limits, () => this.#network.utilization ?? 0.1);
  }

  /** Everything that is on its way ends; then nothing is sent for so many seconds. */
  rest(seconds: number): this {
    for (const _ of this.#running.splice(0)) {
      this.pace.ended(this.#network.requestBytes, false, this.#now);
    }
    this.#now += seconds * 1000;
    return this;
  }

  throttle(): void {
    this.pace.throttled(this.#now);
  }

  run(seconds: number, network = this.#network): this {
    this.#network = network;
    const { perConnection, total, latency, requestBytes, isWaitedFor = true } = network;
    for (const end = this.#now + seconds * 1000; this.#now < end; this.#now += STEP_MS) {
      while (this.#running.length < this.pace.limit) {
        this.pace.began(requestBytes);
        this.#running.push({ waited: 0, left: requestBytes });
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
        this.pace.sent(sent, isWaitedFor, this.#now);
        if (one.left <= 0) this.pace.ended(requestBytes, isWaitedFor, this.#now);
      }
      this.#running = this.#running.filter(({ left }) => left > 0);
      this.limits.push(this.pace.limit);
    }
    return this;
  }
}

const network = (more: Partial<Network> = {}): Network => ({
  ...{ perConnection: 10 * MIB, total: 100_000 * MIB, latency: 50, requestBytes: 16 * MIB },
  ...more,
});

describe("Pace", () => {
  it("has twice as many parts on their way as long as each connection brings its own", () => {
    const { limits } = new Simulation(PARTS, network()).run(10);
    expect(limits[0]).to.equal(8);
    expect(limits.at(-1)).to.equal(64);
    expect(limits.indexOf(64) * STEP_MS).to.be.within(3_000, 9_000);
  });

  it("does so within a second where small files wait for their answers", () => {
    const { limits } = new Simulation(OBJECTS, network({ requestBytes: 16 * KIB })).run(2);
    expect(limits.indexOf(256) * STEP_MS).to.be.within(300, 1_200);
  });

  it("finds where a network is full, and goes back to what fills it", () => {
    const { limits, pace } = new Simulation(PARTS, network({ total: 200 * MIB })).run(25);
    expect(pace.limit).to.equal(16);
    expect(Math.max(...limits)).to.equal(32);
  });

  it("shares a full network among the first ones only, but for a trial each half a minute", () => {
    const { limits } = new Simulation(PARTS, network({ total: 50 * MIB })).run(120);
    expect(limits.filter((limit) => limit === 8).length / limits.length).to.be.greaterThan(0.9);
    const trials = limits.filter((limit, at) => limit > (limits[at - 1] ?? limit)).length;
    expect(trials).to.be.within(2, 5);
  });

  it("puts no more on a slow network than goes in two minutes", () => {
    const { limits } = new Simulation(PARTS, network({ total: 1 * MIB })).run(120);
    expect(Math.max(...limits)).to.equal(8);
  });

  it("notices that a network has become better", () => {
    const full = network({ total: 50 * MIB });
    expect(new Simulation(PARTS, full).run(60).run(60, network()).pace.limit).to.equal(64);
  });

  it("asks for no more than the process has time for", () => {
    const { limits } = new Simulation(OBJECTS, network({ utilization: 0.7 })).run(10);
    expect(Math.max(...limits)).to.equal(32);
  });

  it("changes nothing while all that there is to send is on its way", () => {
    const { limits } = new Simulation(PARTS, network({ isWaitedFor: false })).run(30);
    expect(Math.max(...limits)).to.equal(8);
  });

  it("takes no time in which there was nothing to send for a slow one", () => {
    const simulation = new Simulation(PARTS, network()).run(3);
    const { limit } = simulation.pace;
    simulation.rest(600).run(0.5);
    expect(simulation.pace.limit).to.equal(limit);
    expect(simulation.run(20).pace.limit).to.equal(64);
  });

  it("goes on with copies, which have no bytes on their way from here", () => {
    const pace = new Pace(OBJECTS, () => 0);
    let now = 0;
    for (let round = 0; round < 60; round += 1, now += 50) {
      const asked = pace.limit;
      for (let one = 0; one < asked; one += 1) pace.began(0);
      for (let one = 0; one < asked; one += 1) pace.ended(0, true, now);
    }
    expect(pace.limit).to.equal(256);
  });

  describe("where the server answers that there is too much", () => {
    const throttle = (simulation: Simulation, times = 1) => {
      for (let time = 0; time < times; time += 1) simulation.throttle();
      return simulation;
    };

    it("halves what is on its way, once for all that was on its way together", () => {
      const simulation = new Simulation(OBJECTS, network({ requestBytes: 16 * KIB })).run(2);
      expect(throttle(simulation, 100).pace.limit).to.equal(128);
      expect(throttle(simulation.run(0.9), 100).pace.limit).to.equal(128);
      expect(throttle(simulation.run(0.2)).pace.limit).to.equal(64);
    });

    it("leaves four on their way", () => {
      const simulation = new Simulation(PARTS, network());
      for (let second = 0; second < 10; second += 1) throttle(simulation.run(1.1));
      expect(simulation.pace.limit).to.equal(4);
    });

    it("tries more again after ten seconds of calm", () => {
      const simulation = throttle(new Simulation(PARTS, network()).run(10));
      expect(simulation.run(9).pace.limit).to.equal(32);
      expect(simulation.run(10).pace.limit).to.equal(64);
    });
  });
});
