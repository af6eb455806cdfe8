import { createHash } from "node:crypto";
import { expect } from "chai";
import { renderDashboardPage } from "../../../cli/render/dashboard-page.ts";
import { ABOUT, busyParts, savedPage } from "../../dashboard/fake-data.ts";

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

describe("The dashboard's document", () => {
  it("allows exactly its own style and script, and requests to its own server only while it is live", async () => {
    const live = await renderDashboardPage({ about: ABOUT });
    const [, style = ""] = /<style>(.*?)<\/style>/s.exec(live.html) ?? [];
    const [, script = ""] = /<script>(.*?)<\/script>/s.exec(live.html) ?? [];
    expect(script).to.contain("Preact, https://preactjs.com").and.contain("The MIT License");
    expect(live.policy).to.equal(
      `default-src 'none'; img-src data:; style-src ${hashOf(style)}; script-src ${hashOf(script)}; connect-src 'self'; base-uri 'none'; form-action 'none'`,
    );
    const saved = await renderDashboardPage({ about: ABOUT, saved: savedPage(busyParts()) });
    expect(saved.policy).to.contain("connect-src 'none'");
    expect(saved.html).to.not.match(/<(?:script|img|iframe|link)[^>]*\s(?:src|href)="(?!data:,")/);
  });

  it("contains names of users only as data that cannot end a script", async () => {
    const { html } = await renderDashboardPage({ about: ABOUT, saved: savedPage(busyParts()) });
    const [, data = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html) ?? [];
    expect(data).to.not.contain("<");
    expect(JSON.parse(data).saved.parts).to.deep.equal(JSON.parse(JSON.stringify(busyParts())));
    expect(html).to.not.contain("<img");
  });
});
