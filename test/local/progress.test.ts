import { expect } from "chai";
import { formatProgress, formatSeconds, progressPrinter } from "../../local/progress.ts";

describe("progress", () => {
  it("formats amounts and times for people", () => {
    expect(formatSeconds(8.4)).to.equal("8 s");
    expect(formatSeconds(59.6)).to.equal("1 min 0 s");
    expect(formatSeconds(125)).to.equal("2 min 5 s");
    expect(formatProgress({ text: "Starting" })).to.equal("Starting");
    expect(formatProgress({ text: "Reading", detail: "3 files", seconds: 8 })).to.equal(
      "Reading: 3 files (8 s)",
    );
    expect(formatProgress({ text: "Building", fraction: 0.999, seconds: 61 })).to.equal(
      "Building: 99 % (1 min 1 s)",
    );
  });

  it("prints an occasional line without a terminal", () => {
    let now = 1_000_000;
    const written: string[] = [];
    const { onProgress, done } = progressPrinter({ write: (text) => written.push(text) }, () => now);
    for (let seconds = 0; seconds <= 11; seconds++, now += 1_000) onProgress({ text: "Building", seconds });
    onProgress({ text: "Starting" });
    done();
    expect(written).to.deep.equal(["Building\n", "Building (5 s)\n", "Building (10 s)\n", "Starting\n"]);
  });

  it("redraws one line on a terminal", () => {
    const written: string[] = [];
    const { onProgress, done } = progressPrinter({ isTTY: true, write: (text) => written.push(text) });
    onProgress({ text: "Building", seconds: 1 });
    onProgress({ text: "Building", seconds: 2 });
    onProgress({ text: "Starting" });
    done();
    done();
    expect(written.join("")).to.equal(
      "\r\u001b[KBuilding (1 s)\r\u001b[KBuilding (2 s)\n\r\u001b[KStarting\n",
    );
  });
});
