import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { type LocalClocks, ServerClock, skewText, timeToRemoveBy } from "../../staging/server-clock.ts";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const http = (ms: number): string => new Date(ms).toUTCString();
const MINUTE = 60_000;

/** A machine with a clock that is wrong by some milliseconds. */
class Machine implements LocalClocks {
  error: number;
  passed = 0;
  constructor(error: number) {
    this.error = error;
  }
  wall(): number {
    return NOW + this.passed + this.error;
  }
  steady(): number {
    return 1_000 + this.passed;
  }
}

describe("ServerClock", () => {
  it("uses this machine's clock until the first response of a server", () => {
    const clock = new ServerClock(new Machine(3 * MINUTE));
    expect(clock.isKnown).to.equal(false);
    expect(clock.now().getTime()).to.equal(NOW + 3 * MINUTE);
    expect(clock.skewMs).to.equal(0);
  });

  for (const error of [-400 * 86_400_000, -14 * MINUTE, 0, 14 * MINUTE, 40 * 86_400_000]) {
    it(`returns the server's time on a machine that is off by ${error / MINUTE} minutes`, () => {
      const machine = new Machine(error);
      const clock = new ServerClock(machine);
      clock.note(http(NOW), machine.steady());
      machine.passed = 90_000;
      expect(clock.now().getTime()).to.equal(NOW + 90_000);
      expect(clock.skewMs).to.equal(error === 0 ? 0 : -error);
    });
  }

  it("is not moved by a change of this machine's clock", () => {
    const machine = new Machine(0);
    const clock = new ServerClock(machine);
    clock.note(http(NOW), machine.steady());
    machine.error = 86_400_000;
    expect(clock.now().getTime()).to.equal(NOW);
  });

  it("takes the latest of answers that differ by moments, and the last of those that differ by more", () => {
    const machine = new Machine(0);
    const clock = new ServerClock(machine);
    clock.note(http(NOW + 2_000), machine.steady());
    clock.note(http(NOW + 1_000), machine.steady());
    expect(clock.now().getTime()).to.equal(NOW + 2_000);
    clock.note(http(NOW - 3_600_000), machine.steady());
    expect(clock.now().getTime()).to.equal(NOW - 3_600_000);
  });

  it("ignores a slow response once it knows the time, and an invalid date", () => {
    const machine = new Machine(0);
    const clock = new ServerClock(machine);
    clock.note("soon", machine.steady());
    clock.note(undefined, machine.steady());
    expect(clock.isKnown).to.equal(false);
    clock.note(http(NOW), machine.steady());
    const sentAt = machine.steady();
    machine.passed = 10 * MINUTE;
    clock.note(http(NOW), sentAt);
    expect(clock.now().getTime()).to.equal(NOW + 10 * MINUTE);
  });
});

describe("timeToRemoveBy", () => {
  function clockOff(error: number): ServerClock {
    const machine = new Machine(error);
    const clock = new ServerClock(machine);
    clock.note(http(NOW), machine.steady());
    return clock;
  }

  for (const minutes of [-5, -1, 0, 1, 5]) {
    it(`is the server's time on a machine that is off by ${minutes} minutes`, () => {
      expect(timeToRemoveBy("it", clockOff(minutes * MINUTE)).getTime()).to.equal(NOW);
    });
  }

  for (const [minutes, words] of [
    [-6, "2026-11-23 11:54:00 UTC, the server 2026-11-23 12:00:00 UTC: it is 6 minutes behind"],
    [6, "2026-11-23 12:06:00 UTC, the server 2026-11-23 12:00:00 UTC: it is 6 minutes ahead of"],
    [40 * 1440, "2027-01-02 12:00:00 UTC, the server 2026-11-23 12:00:00 UTC: it is 40 days ahead"],
  ] as const) {
    it(`refuses on a machine that is off by ${minutes} minutes, and names both times`, () => {
      const clock = clockOff(minutes * MINUTE);
      expect(skewText(clock)).to.include(words);
      expect(() => timeToRemoveBy("it", clock))
        .to.throw("this machine's clock is wrong")
        .with.property("why", `${skewText(clock)} Nothing was removed.`);
    });
  }

  it("refuses if no response had the server's time", () => {
    expect(() => timeToRemoveBy("which entries have expired", new ServerClock(new Machine(0)))).to.throw(
      "cannot determine which entries have expired",
    );
  });
});

describe("the sources", () => {
  /** Files that measure a duration on this machine, or read a pause that the SDK computed with its clock. */
  const LOCAL = new Set([
    "cli/engine/lock.ts",
    "cli/engine/lock-holder.ts",
    "cli/engine/lock-leftovers.ts",
    "cli/render/progress.ts",
    "provider/store/request-retries.ts",
    "staging/server-clock.ts",
  ]);

  it("ask this machine for the time of day nowhere else", () => {
    const files = ["cli", "provider", "staging", "components", "stacks"].flatMap((folder) =>
      readdirSync(join(packageRoot(), folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .map((name) => join(folder, name)),
    );
    const found = files.filter((file) =>
      /new Date\(\)|\bDate\.now\b/.test(readFileSync(join(packageRoot(), file), "utf8")),
    );
    expect(found.filter((file) => !LOCAL.has(file))).to.deep.equal([]);
  });
});
