import { expect } from "chai";
import {
  compactBytes,
  cutColumns,
  displayWidth,
  formatFineMoney,
  formatShare,
  padColumns,
  plural,
  priceRange,
} from "../../../cli/render/text.ts";
import { dollars, type MicroDollars } from "../../../staging/money.ts";
import { printable } from "../../../staging/printable.ts";

describe("text for the terminal", () => {
  it("measures columns, not characters", () => {
    const widths = ["plain", "é", "e\u0301", "数据", "🧬", "👩‍🔬", "✅", "⚠️", "a\u200bb", ""].map(
      displayWidth,
    );
    expect(widths).to.deep.equal([5, 1, 1, 4, 2, 2, 2, 2, 2, 0]);
  });

  it("pads and cuts to columns", () => {
    expect(padColumns("数据", 6)).to.equal("数据  ");
    expect(padColumns("longer", 3)).to.equal("longer");
    expect(cutColumns("数据集", 5)).to.equal("数据");
    expect(cutColumns("plain", 5)).to.equal("plain");
  });

  it("shows control characters of file names as escapes", () => {
    expect(printable("a\u001b[2Jb\nc\u202ed")).to.equal("a\\x1b[2Jb\\nc\\u202ed");
    expect(printable("é 数据 'x'")).to.equal("é 数据 'x'");
  });

  it("writes sizes for tables and formulas", () => {
    expect([0, 1023, 107_374_182_400, 1_610_612_736].map(compactBytes)).to.deep.equal([
      "0B",
      "1023B",
      "100GB",
      "1.5GB",
    ]);
  });

  it("gives rates below a dollar a third decimal", () => {
    const amounts = [
      dollars(0.153333),
      dollars(0.02),
      dollars(0.5),
      dollars(2),
      0 as MicroDollars,
      499 as MicroDollars,
    ];
    expect(amounts.map(formatFineMoney)).to.deep.equal([
      "$0.153",
      "$0.02",
      "$0.50",
      "$2.00",
      "$0.00",
      "<$0.001",
    ]);
  });

  it("writes prices in full, and the range of several", () => {
    expect(priceRange([dollars(0.02), dollars(0.02)])).to.equal("$0.02");
    expect(priceRange([dollars(0.0245)])).to.equal("$0.0245");
    expect(priceRange([dollars(0.026), dollars(0.02), dollars(0.023)])).to.equal("$0.02 to $0.026");
    expect(priceRange([dollars(3.305)])).to.equal("$3.305");
  });

  it("never rounds savings up to 100%", () => {
    expect([0.966, 0.99, 0.99999, 1, 0.5].map(formatShare)).to.deep.equal([
      "96.6%",
      "99%",
      "99.9%",
      "100%",
      "50%",
    ]);
  });

  it("counts with the right noun", () => {
    expect([plural(1, "region"), plural(2, "region"), plural(1234, "file")]).to.deep.equal([
      "1 region",
      "2 regions",
      "1,234 files",
    ]);
  });
});
