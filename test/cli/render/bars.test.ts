import { expect } from "chai";
import { renderBars } from "../../../cli/render/bars.ts";
import { displayWidth } from "../../../cli/render/text.ts";

const bars = (...values: number[]) =>
  values.map((value, index) => ({ name: `b${index}`, value, label: String(value) }));

describe("bars", () => {
  it("have one scale, to an eighth of a column", () => {
    expect(renderBars(bars(80, 40, 11), 18)).to.deep.equal([
      "b0  ██████████  80",
      "b1  █████       40",
      "b2  █▍          11",
    ]);
  });

  it("show every value above zero", () => {
    expect(renderBars(bars(1_000_000, 1, 0), 40).map((line) => line.includes("▏"))).to.deep.equal([
      false,
      true,
      false,
    ]);
    for (const line of renderBars(bars(0, 0), 40)) expect(line).to.match(/^b\d {2} +0$/);
  });

  it("fit into the terminal, up to a readable length", () => {
    for (const columns of [30, 60, 80, 300]) {
      for (const line of renderBars(bars(5, 3), columns)) {
        expect(displayWidth(line)).to.be.at.most(Math.min(columns, 60));
      }
    }
  });
});
