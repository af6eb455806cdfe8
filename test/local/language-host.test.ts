import { expect } from "chai";
import { listDependencies, lockedPackages } from "../../local/language-host/dependencies.ts";
import { outcomeOf } from "../../local/language-host/program.ts";
import { packageRoot } from "../../package-root.ts";

describe("language host", () => {
  it("reports to the engine how a program ended", () => {
    expect(outcomeOf(0, null)).to.deep.equal({ error: "", bail: false });
    expect(outcomeOf(32, null)).to.deep.equal({ error: "", bail: true });
    expect(outcomeOf(7, null)).to.deep.equal({
      error: "Program exited with non-zero exit code: 7",
      bail: false,
    });
    expect(outcomeOf(null, "SIGKILL")).to.deep.equal({
      error: "Program exited because of signal SIGKILL",
      bail: false,
    });
  });

  it("lists the project's installed packages", async () => {
    const direct = await listDependencies(packageRoot(), false);
    expect(direct).to.deep.include({ name: "@pulumi/pulumi", version: "3.259.0" });
    expect(direct.map(({ name }) => name))
      .to.include("mocha")
      .and.not.to.include("protobufjs");
    const all = await listDependencies(packageRoot(), true);
    expect(all.map(({ name }) => name)).to.include.members(["@pulumi/pulumi", "protobufjs"]);
    expect(await listDependencies("/nowhere", false)).to.deep.equal([]);
  });

  it("names each version of a locked package once", () => {
    const packages = {
      "": { version: "0.1.0" },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/@s/b": { version: "2.0.0" },
      "node_modules/@s/b/node_modules/a": { version: "1.0.0" },
      "node_modules/c/node_modules/a": { version: "3.0.0" },
      "node_modules/linked": { link: true },
    };
    expect(lockedPackages({ packages })).to.deep.equal([
      { name: "a", version: "1.0.0" },
      { name: "@s/b", version: "2.0.0" },
      { name: "a", version: "3.0.0" },
    ]);
  });
});
