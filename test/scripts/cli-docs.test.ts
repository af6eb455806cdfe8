import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { packageRoot } from "../../package-root.ts";
import { commandsText, type Manifest } from "../../scripts/cli-docs/text.ts";

describe("docs/cli.md", () => {
  it("has the commands of the build; node scripts/cli-docs.ts writes it", async () => {
    const read = (name: string) => readFile(join(packageRoot(), name), "utf8");
    const text = commandsText(JSON.parse(await read("oclif.manifest.json")) as Manifest);
    expect(await read("docs/cli.md")).to.equal(text);
  });
});
