import { mock } from "node:test";
import { expect } from "chai";
import { ProgressView } from "../../../cli/render/progress.ts";
import { barLine } from "../../../cli/render/progress-lines.ts";
import { SmoothedRate } from "../../../cli/render/rate.ts";
import { displayWidth } from "../../../cli/render/text.ts";
import type { Progress } from "../../../staging/progress.ts";
import { GIB, MIB } from "../../../staging/units.ts";

const report = (changes: Partial<Progress> = {}): Progress => ({
  phase: "upload",
  region: "us-east-1",
  done: 0,
  total: 1000 * MIB,
  objectsDone: 0,
  objectsTotal: 1,
  finished: false,
  ...changes,
});

/** A terminal that tracks its screen: understands text, line feeds, cursor up and clearing below. */
class FakeTerminal {
  readonly isTTY: boolean;
  columns: number;
  writes: string[] = [];
  #resize: (() => void) | undefined;

  constructor(isTTY: boolean, columns = 140) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.writes.push(text);
  }

  on(_event: "resize", listener: () => void): void {
    this.#resize = listener;
  }

  off(): void {
    this.#resize = undefined;
  }

  get listens(): boolean {
    return this.#resize !== undefined;
  }

  resize(columns: number): void {
    this.columns = columns;
    this.#resize?.();
  }

  get text(): string {
    return this.writes.join("");
  }

  get screen(): string[] {
    const lines: string[] = [];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the terminal's own language
    for (const token of this.text.split(/(\u001b\[\d+A\r\u001b\[J|\n)/)) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: as above
      const up = /^\u001b\[(\d+)A/.exec(token);
      if (up) lines.splice(lines.length - Number(up[1]));
      else if (token !== "\n" && token !== "") lines.push(token);
    }
    return lines;
  }
}

describe("progress", () => {
  let now: number;
  beforeEach(() => {
    now = 1_000_000;
    mock.timers.enable({ apis: ["setInterval"] });
  });
  afterEach(() => mock.timers.reset());

  const pass = (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= 100) {
      now += Math.min(100, left);
      mock.timers.tick(Math.min(100, left));
    }
  };
  const view = (terminal: FakeTerminal) => new ProgressView(terminal, { now: () => now });

  describe("on a terminal", () => {
    it("draws one line per region in place, with bar, bytes, rate and time left", () => {
      const terminal = new FakeTerminal(true);
      const progress = view(terminal);
      progress.update(report());
      for (let step = 1; step <= 4; step++) {
        now += 1000;
        progress.update(report({ done: step * 100 * MIB }));
      }
      now += 1000;
      progress.update(report({ region: "eu-central-1", phase: "copy", done: 0 }));
      progress.close();
      expect(terminal.screen).to.deep.equal([
        "us-east-1     Uploading  ████████████████░░░░░░░░░░░░░░░░░░░░░░░░  40% | 400.0 MB of 1000.0 MB | 100.0 MB/s | ETA: 6s",
        "eu-central-1  Copying    ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░   0% | 0 B of 1000.0 MB",
      ]);
    });

    it("draws at most ten times per second, however many reports arrive", () => {
      const terminal = new FakeTerminal(true);
      const progress = view(terminal);
      for (let step = 0; step < 1000; step++) {
        now += 1;
        progress.update(report({ done: step * MIB }));
      }
      expect(terminal.writes.length).to.be.within(9, 11);
      progress.close();
    });

    it("shows the mean rate of a phase at its end, and a smoothed one before", () => {
      const terminal = new FakeTerminal(true);
      const progress = view(terminal);
      progress.update(report());
      now += 4000;
      progress.update(report({ done: 1000 * MIB, finished: true }));
      progress.close();
      expect(terminal.screen[0]).to.contain("100% | 1000.0 MB of 1000.0 MB | 250.0 MB/s | ETA: 0s");
    });

    it("counts the seconds of a phase without measurable progress", () => {
      const terminal = new FakeTerminal(true);
      const progress = view(terminal);
      progress.update(report({ phase: "wait", total: 0 }));
      pass(12_000);
      expect(terminal.screen).to.deep.equal(["us-east-1  Waiting  12s"]);
      progress.update(report({ phase: "wait", total: 0, finished: true }));
      progress.close();
      expect(terminal.screen).to.deep.equal(["us-east-1  Waiting  done in 12s"]);
    });

    it("never wraps a line, and erases lines that a narrower terminal wrapped", () => {
      const terminal = new FakeTerminal(true, 140);
      const progress = view(terminal);
      progress.update(report());
      now += 1000;
      progress.update(report({ done: 100 * MIB }));
      const wide = displayWidth(terminal.screen[0] ?? "");
      terminal.resize(50);
      const eraser = terminal.writes.at(-1)?.slice(0, 4);
      expect(eraser).to.equal(`\u001b[${Math.ceil(wide / 50)}A`);
      const line = terminal.writes.at(-1)?.split("\u001b[J")[1]?.trimEnd() ?? "";
      expect(displayWidth(line)).to.be.at.most(49);
      progress.close();
    });

    it("prints notes above the bars", () => {
      const terminal = new FakeTerminal(true);
      const progress = view(terminal);
      progress.update(report({ phase: "wait", total: 0 }));
      progress.note("The rule is in force.");
      progress.close();
      expect(terminal.screen).to.deep.equal(["The rule is in force.", "us-east-1  Waiting  0s"]);
    });

    it("keeps how a region got its data, even without a last report of its tagging", () => {
      const terminal = new FakeTerminal(true);
      const view = new ProgressView(terminal, { now: () => now });
      view.update(report({ phase: "copy", done: 1000 * MIB, objectsDone: 1, finished: true }));
      view.update(report({ phase: "tag", done: 0, total: 0 }));
      pass(1_000);
      view.close();
      expect(terminal.screen).to.have.length(1);
      expect(terminal.screen[0]).to.match(/^us-east-1 {2}Copying {2}█{40} 100%/);
    });

    it("stops drawing and listening when it is closed", () => {
      const terminal = new FakeTerminal(true);
      const progress = view(terminal);
      progress.update(report());
      progress.close();
      const writes = terminal.writes.length;
      progress.close();
      progress.update(report({ done: MIB }));
      pass(5000);
      expect(terminal.writes.length).to.equal(writes);
      expect(terminal.listens).to.equal(false);
    });
  });

  describe("without a terminal", () => {
    it("prints a plain line per region every five seconds and at the end of each phase", () => {
      const terminal = new FakeTerminal(false);
      const progress = view(terminal);
      progress.update(report());
      for (let step = 1; step <= 9; step++) {
        pass(1000);
        progress.update(report({ done: step * 100 * MIB }));
      }
      pass(1000);
      progress.update(report({ done: 1000 * MIB, finished: true }));
      progress.update(report({ phase: "verify", done: 1000 * MIB, finished: true }));
      progress.close();
      expect(terminal.text).to.equal(
        [
          "us-east-1  Uploading  40 %  100.0 MB/s  ETA 6s",
          "us-east-1  Uploading  90 %  100.0 MB/s  ETA 2s",
          "us-east-1  Uploading  done  1000.0 MB  in 10s",
          "us-east-1  Verifying  done  1000.0 MB  in 0s",
          "",
        ].join("\n"),
      );
    });

    it("keeps reporting a wait without new reports", () => {
      const terminal = new FakeTerminal(false);
      const progress = view(terminal);
      progress.update(report({ phase: "wait", total: 0 }));
      pass(11_000);
      progress.close();
      expect(terminal.text).to.equal("us-east-1  Waiting  5s\nus-east-1  Waiting  10s\n");
    });

    it("counts objects if bytes do not measure the progress", () => {
      const terminal = new FakeTerminal(false);
      const progress = view(terminal);
      progress.update(report({ phase: "delete", total: 5000 }));
      now += 6000;
      progress.update(report({ phase: "delete", done: 3000, total: 5000 }));
      progress.update(report({ phase: "delete", done: 5000, total: 5000, finished: true }));
      progress.close();
      expect(terminal.text).to.equal(
        "us-east-1  Deleting  60 %  500 objects/s  ETA 4s\nus-east-1  Deleting  done  5,000  in 6s\n",
      );
    });
  });

  it("drops fields one by one as the terminal gets narrower", () => {
    const state = {
      region: "us-east-1",
      label: "Uploading",
      progress: report({ done: 45 * GIB, total: 100 * GIB }),
      rate: 2.5 * GIB,
      seconds: 18,
    };
    const at = (columns: number) => barLine(state, { columns, region: 9, label: 9 });
    expect(at(120)).to.equal(
      "us-east-1  Uploading  ██████████████████░░░░░░░░░░░░░░░░░░░░░░  45% | 45.0 GB of 100.0 GB | 2.5 GB/s | ETA: 22s",
    );
    expect(at(79)).to.equal(
      "us-east-1  Uploading  █████████████░░░░░░░░░░░░░░░░░  45% | 2.5 GB/s | ETA: 22s",
    );
    expect(at(60)).to.equal("us-east-1  █████████░░░░░░░░░░░░░  45% | 2.5 GB/s | ETA: 22s");
    expect(at(40)).to.equal("us-east-1  █████░░░░░░░░  45% | ETA: 22s");
    expect(at(20)).to.equal("us-east-1  45%");
    for (let columns = 1; columns < 130; columns++) expect(displayWidth(at(columns))).to.be.at.most(columns);
  });

  it("smooths the rate over seconds, follows a stall, and is correct from the first sample", () => {
    const rate = new SmoothedRate(0, 0);
    expect(rate.perSecond).to.equal(undefined);
    rate.add(50, 50);
    expect(rate.perSecond).to.equal(undefined);
    rate.add(1000, 1000);
    expect(rate.perSecond).to.be.closeTo(1000, 1e-9);
    rate.add(3000, 2000);
    expect(rate.perSecond).to.be.within(1400, 1700);
    rate.add(3000, 30_000);
    expect(rate.perSecond).to.be.lessThan(5);
    rate.add(2000, 31_000);
    expect(rate.perSecond).to.be.at.least(0);
  });
});
