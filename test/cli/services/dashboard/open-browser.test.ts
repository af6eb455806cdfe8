import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openBrowser } from "../../../../cli/services/dashboard/open-browser.ts";
import { temporaryFolder } from "../../../support/folder.ts";

const ADDRESS = "http://127.0.0.1:4711/secret-token/";

describe("Opening the dashboard in the browser", () => {
  const folder = temporaryFolder("spawn-open-");
  let before: string | undefined;
  beforeEach(() => {
    before = process.env["SPAWN_HOME"];
    process.env["SPAWN_HOME"] = folder();
  });
  afterEach(() => {
    if (before === undefined) delete process.env["SPAWN_HOME"];
    else process.env["SPAWN_HOME"] = before;
  });
  const files = () => readdirSync(join(folder(), "data/dashboard"));

  it("passes a private file that forwards to the address, not the token, and removes it at the end", async () => {
    let opened = "";
    const remove = await openBrowser(ADDRESS, async (url) => {
      opened = url;
    });
    expect(opened)
      .to.match(/^file:\/\//)
      .and.not.contain("secret-token");
    const file = fileURLToPath(opened);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(readFileSync(file, "utf8")).to.contain(`content="0;url=${ADDRESS}"`);
    await remove();
    expect(files()).to.deep.equal([]);
  });

  it("leaves no file behind if the browser cannot be started", async () => {
    const failure = new Error("spawn xdg-open ENOENT");
    const error = await openBrowser(ADDRESS, () => Promise.reject(failure)).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.equal(failure);
    expect(files()).to.deep.equal([]);
  });
});
