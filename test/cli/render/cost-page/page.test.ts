import { expect } from "chai";
import { timesOf } from "../../../../cli/render/cost-page/charts.ts";
import { renderCostPage } from "../../../../cli/render/cost-page/page.ts";
import { GIB } from "../../../../staging/units.ts";
import { ledgerItem, reportOf } from "../../ledger.ts";

const EVIL = `</script><script>alert(1)</script><img src=x onerror="alert('x')">&amp;<!--\u202egpj`;

describe("The cost report's page", () => {
  it("needs no external resources, and keeps the licence of its charting library", async () => {
    const page = await renderCostPage(reportOf([ledgerItem("a")]));
    expect(page).to.match(/^<!doctype html>/);
    expect(page).not.to.match(/<(?:script|img|iframe|link)[^>]*\s(?:src|href)="(?!data:,")/);
    expect(page).not.to.match(/@import|url\(|sourceMappingURL/);
    expect(page).to.contain("Permission is hereby granted, free of charge");
    expect(page).to.contain("Chart.js v4");
    expect(page).to.match(/content="default-src &#39;none&#39;;|content="default-src 'none';/);
  });

  it("escapes names of users", async () => {
    const item = ledgerItem("a", { filename: EVIL, sweep_id: "sweep-evil" });
    const page = await renderCostPage(reportOf([item]));
    expect(page).not.to.contain("<script>alert");
    expect(page).not.to.contain("<img");
    expect(page).not.to.contain("\u202e");
    expect(page).to.contain("&lt;/script&gt;&lt;script&gt;alert(1)");
    const data = /<script type="application\/json" id="chart-data">(.*?)<\/script>/s.exec(page)?.[1] ?? "";
    expect(data).not.to.contain("<");
    const charts = JSON.parse(data) as { id: string; titles?: string[] }[];
    expect(charts.map(({ id }) => id)).to.deep.equal(["days", "entries", "regions", "sweeps", "savings"]);
    expect(charts[1]?.titles?.[0]).to.contain("</script><script>alert(1)");
  });

  it("reports an empty period without charts", async () => {
    const page = await renderCostPage(reportOf([]));
    expect(page)
      .to.contain("Nothing was staged in this period.")
      .and.not.contain("<canvas")
      .and.not.contain("<script");
  });

  it("refers to the CSV if it has no room for every entry", async () => {
    const items = Array.from({ length: 1200 }, (_, at) => ledgerItem(at.toString(16).padStart(12, "0")));
    const page = await renderCostPage(reportOf(items));
    expect(page.match(/<code>stage-/g)).to.have.length(100);
    expect(page).to.contain("1,100 more entries are in the CSV");
  });

  it("groups many days into weeks and months without loss", () => {
    const item = ledgerItem("a", {
      size_bytes: 100 * GIB,
      uploaded_at: "2024-01-03T00:00:00Z",
      ttl_days: 90,
    });
    for (const [since, unit, label] of [
      ["2026-11-01", "day", "2026-11-01"],
      ["2024-01-01", "month", "2024-01"],
    ] as const) {
      const report = reportOf([item], { since });
      const { unit: found, times } = timesOf(report.days);
      expect([found, times[0]?.label]).to.deep.equal([unit, label]);
      expect(times.reduce((sum, { storage }) => sum + storage, 0)).to.equal(report.storage);
    }
    const weeks = timesOf(reportOf([item], { since: "2024-01-01", until: "2024-06-30" }).days);
    expect([weeks.unit, weeks.times[0]?.label, weeks.times[1]?.label]).to.deep.equal([
      "week",
      "2024-01-01",
      "2024-01-08",
    ]);
  });
});
